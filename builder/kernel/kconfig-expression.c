#include "kconfig-expression.h"

#include <stdlib.h>
#include <string.h>

enum { NESTING_DEEPEST = 100 };

struct parser {
	const char *at;
	const struct kernel_config *config;
	unsigned depth;
	bool wrong;
};

enum tristate tristate_of(const char *value)
{
	return !strcmp(value, "y")   ? TRISTATE_YES
	       : !strcmp(value, "m") ? TRISTATE_MODULE
				     : TRISTATE_NO;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void skip_blanks(struct parser *parser)
{
	parser->at += strspn(parser->at, " \t");
}

static bool take(struct parser *parser, const char *operator)
{
	skip_blanks(parser);
	if (!text_starts(parser->at, operator))
		return false;
	parser->at += strlen(operator);
	return true;
}

/* The length of $(...), which may hold more of them; 0: it has no end. */
static size_t macro_length(const char *at)
{
	unsigned open = 0;

	for (size_t length = 1; at[length]; length++) {
		open += at[length] == '(';
		if (at[length] == ')' && !--open)
			return length + 1;
	}
	return 0;
}

/* Takes a symbol, "text" or $(...); NULL: there is none. Owned by the caller. */
static char *take_operand(struct parser *parser)
{
	static const char bytes[] = "abcdefghijklmnopqrstuvwxyz_-./"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	const char *at;
	size_t length;

	skip_blanks(parser);
	at = parser->at;
	if (*at == '"' || *at == '\'') {
		length = 1 + strcspn(at + 1, (char[]){*at, '\0'});
		length = at[length] ? length + 1 : 0;
	} else if (*at == '$' && at[1] == '(') {
		length = macro_length(at);
	} else {
		length = strspn(at, bytes);
	}
	parser->at += length;
	return length ? xstrndup(at, length) : NULL;
}

static bool is_symbol(const char *operand)
{
	return !strchr("\"'$", *operand) && operand[strspn(operand, "0123456789")] &&
	       !text_starts(operand, "0x") && strcmp(operand, "y") && strcmp(operand, "m") &&
	       strcmp(operand, "n");
}

/* What an operand stands for, without quotes; owned by the caller. */
static char *operand_value(const struct kernel_config *config, const char *operand)
{
	const char *value = is_symbol(operand) ? kernel_config_value(config, operand) : operand;
	size_t length = strlen(value);

	return *value == '"' || *value == '\'' ? xstrndup(value + 1, length - 2) : xstrdup(value);
}

/* Texts are the same or not; what is less is a question of numbers. */
static bool compare(const char *left, const char *operator, const char * right)
{
	long long a = strtoll(left, NULL, 0), b = strtoll(right, NULL, 0);

	switch (*operator) {
	case '=':
		return !strcmp(left, right);
	case '!':
		return strcmp(left, right);
	case '<':
		return operator[1] ? a <= b : a<b;
	default:
		return operator[1] ? a >= b : a> b;
	}
}

static enum tristate parse_comparison(struct parser *parser)
{
	static const char *const operators[] = {"!=", "<=", ">=", "=", "<", ">"};
	cleanup_free char *left = take_operand(parser);
	size_t i = 0;

	if (!left) {
		parser->wrong = true;
		return TRISTATE_NO;
	}
	cleanup_free char *value = operand_value(parser->config, left);
	while (i < array_count(operators) && !take(parser, operators[i]))
		i++;
	if (i == array_count(operators))
		return *left == '$' ? TRISTATE_YES : tristate_of(value);
	cleanup_free char *right = take_operand(parser);
	if (!right) {
		parser->wrong = true;
		return TRISTATE_NO;
	}
	cleanup_free char *other = operand_value(parser->config, right);
	bool holds = *left == '$' || *right == '$' || compare(value, operators[i], other);
	return holds ? TRISTATE_YES : TRISTATE_NO;
}

static enum tristate parse_or(struct parser *parser);

static enum tristate parse_factor(struct parser *parser)
{
	enum tristate value;

	if (parser->wrong || parser->depth == NESTING_DEEPEST) {
		parser->wrong = true;
		return TRISTATE_NO;
	}
	parser->depth++;
	if (take(parser, "!")) {
		value = TRISTATE_YES - parse_factor(parser);
	} else if (take(parser, "(")) {
		value = parse_or(parser);
		parser->wrong |= !take(parser, ")");
	} else {
		value = parse_comparison(parser);
	}
	parser->depth--;
	return value;
}

static enum tristate parse_and(struct parser *parser)
{
	enum tristate all = parse_factor(parser);

	while (take(parser, "&&")) {
		enum tristate next = parse_factor(parser);
		all = next < all ? next : all;
	}
	return all;
}

static enum tristate parse_or(struct parser *parser)
{
	enum tristate any = parse_and(parser);

	while (take(parser, "||")) {
		enum tristate next = parse_and(parser);
		any = next > any ? next : any;
	}
	return any;
}

enum tristate kconfig_evaluate(const char *expression, const struct kernel_config *config)
{
	struct parser parser = {.at = expression, .config = config};
	enum tristate value = parse_or(&parser);

	return parser.wrong ? TRISTATE_NO : value;
}

/* Appends a part, and what its symbols are. */
static void explain_part(const char *part, const struct kernel_config *config, struct buffer *out)
{
	struct parser parser = {.at = part};
	size_t length = strlen(part);
	unsigned count = 0;

	buffer_text(out, part);
	while (*parser.at) {
		cleanup_free char *operand = take_operand(&parser);
		if (!operand && *parser.at)
			parser.at++;
		if (!operand || !is_symbol(operand))
			continue;
		const char *value = kernel_config_value(config, operand);
		buffer_text(out, count++ ? ", " : " (");
		if (strlen(operand) == length)
			buffer_text(out, value);
		else
			buffer_printf(out, "%s=%s", operand, value);
	}
	buffer_text(out, count ? ")" : "");
}

void kconfig_explain(const char *expression, const struct kernel_config *config,
	enum tristate wanted, struct buffer *out)
{
	struct parser parser = {.at = expression, .config = config};
	cleanup_buffer struct buffer parts = {0};

	/* What is not all joined by && is one part. */
	for (const char *from = parser.at; !parser.wrong; from = parser.at) {
		enum tristate value = parse_factor(&parser);
		const char *end = parser.at;
		while (end > from && is_blank(end[-1]))
			end--;
		while (from < end && is_blank(*from))
			from++;
		if (value < wanted) {
			cleanup_free char *part = xstrndup(from, end - from);
			buffer_text(&parts, parts.length ? " and " : "");
			explain_part(part, config, &parts);
		}
		if (!take(&parser, "&&"))
			break;
	}
	skip_blanks(&parser);
	if (parser.wrong || *parser.at) {
		parts.length = 0;
		if (kconfig_evaluate(expression, config) < wanted)
			explain_part(expression, config, &parts);
	}
	if (parts.length)
		buffer_printf(out, "%s%s", out->length ? " and " : "", parts.data);
}
