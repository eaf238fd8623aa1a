#include "config-line.h"

#include <stdlib.h>
#include <string.h>

#include "architecture.h"

static const char prefix[] = "CONFIG_";
static const char unset[] = " is not set";

static void skip(struct span *span, size_t length)
{
	span->at += length;
	span->length -= length;
}

static void skip_blanks(struct span *span)
{
	while (span->length && (*span->at == ' ' || *span->at == '\t'))
		skip(span, 1);
}

static bool is_word(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

static struct span take_word(struct span *rest)
{
	struct span word = {rest->at, 0};

	while (word.length < rest->length && is_word(rest->at[word.length]))
		word.length++;
	skip(rest, word.length);
	return word;
}

/* A text with its quotes; within it a backslash takes the next byte for what it is. */
static struct span take_text(struct span *rest)
{
	struct span text = {rest->at, 0};

	for (size_t i = 1; i < rest->length && !text.length; i++) {
		if (rest->at[i] == '\\')
			i++;
		else if (rest->at[i] == '"')
			text.length = i + 1;
	}
	skip(rest, text.length);
	return text;
}

static bool is_number(struct span value)
{
	const char *digits = "0123456789";

	if (value.length && *value.at == '-')
		skip(&value, 1);
	if (value.length > 2 && value.at[0] == '0' && (value.at[1] | ' ') == 'x') {
		digits = "0123456789abcdefABCDEF";
		skip(&value, 2);
	}
	for (size_t i = 0; i < value.length; i++)
		if (!memchr(digits, value.at[i], strlen(digits)))
			return false;
	return value.length;
}

static bool take_value(struct span *rest, struct span *ret_value)
{
	if (rest->length && *rest->at == '"') {
		*ret_value = take_text(rest);
		return ret_value->length && !memchr(ret_value->at, '\0', ret_value->length);
	}
	size_t sign = rest->length && *rest->at == '-';
	struct span value = {rest->at, sign};
	skip(rest, sign);
	value.length += take_word(rest).length;
	*ret_value = value;
	return span_equal(value, "y") || span_equal(value, "m") || span_equal(value, "n") ||
	       is_number(value);
}

/* "6.12" as a number that orders versions; 0: it is none. */
static unsigned long version_number(struct span version)
{
	cleanup_free char *text = span_copy(version);
	char *rest;
	unsigned long major = strtoul(text, &rest, 10), minor = 0;

	if (rest != text && *rest == '.')
		minor = strtoul(rest + 1, &rest, 10);
	return *rest || major > 999 || minor > 999 ? 0 : major * 1000 + minor;
}

/* "since VERSION", "before VERSION" */
static bool parse_versions(struct span mark, const char *version, bool *ret_applies)
{
	struct span word, bound;

	if (!control_next_word(&mark, &word) || !control_next_word(&mark, &bound))
		return false;
	bool since = span_equal(word, "since");
	unsigned long at = version_number(bound);
	*ret_applies = (version_number(span_of(version)) >= at) == since;
	return at && (since || span_equal(word, "before")) && !control_next_word(&mark, &word);
}

/* ARCH= of some kernel, or Debian's name of an architecture. */
static bool is_architecture(struct span word)
{
	for (size_t i = 0; i < architecture_count; i++)
		if (span_equal(word, architectures[i].kernel_arch) ||
			span_equal(word, architectures[i].name))
			return true;
	for (size_t i = 0; i < platform_count; i++)
		if (platforms[i].kernel_port && span_equal(word, platforms[i].kernel_port))
			return true;
	return false;
}

/* "on ARCHITECTURE...", "not on ARCHITECTURE..." */
static bool parse_architectures(
	struct span mark, const struct kernel_target *target, bool *ret_applies)
{
	bool except = false, named = false;
	struct span word = {0};

	control_next_word(&mark, &word);
	if (span_equal(word, "not")) {
		except = true;
		control_next_word(&mark, &word);
	}
	if (!span_equal(word, "on") || !control_next_word(&mark, &word))
		return false;
	do {
		if (!is_architecture(word))
			return false;
		named = named || span_equal(word, target->kernel_arch) ||
			(target->architecture && span_equal(word, target->architecture));
	} while (control_next_word(&mark, &word));
	*ret_applies = named != except;
	return true;
}

bool config_mark_parse(struct span mark, const struct kernel_target *target, bool *ret_applies)
{
	*ret_applies = true;
	skip_blanks(&mark);
	if (!mark.length)
		return true;
	if (!target || *mark.at != '#')
		return false;
	skip(&mark, 1);
	return parse_versions(mark, target->version, ret_applies) ||
	       parse_architectures(mark, target, ret_applies);
}

/* "# CONFIG_NAME is not set"; other comments say nothing. */
static enum config_line_kind parse_comment(
	struct span line, struct arena *arena, struct config_line *ret_line)
{
	skip(&line, 1);
	skip_blanks(&line);
	if (line.length < strlen(prefix) || memcmp(line.at, prefix, strlen(prefix)))
		return CONFIG_LINE_SAYS_NOTHING;
	skip(&line, strlen(prefix));
	struct span symbol = take_word(&line);
	if (!symbol.length || !span_equal(line, unset))
		return CONFIG_LINE_SAYS_NOTHING;
	*ret_line = (struct config_line){.symbol = span_keep(symbol, arena), .value = "n"};
	return CONFIG_LINE_SETS;
}

enum config_line_kind config_line_parse(struct span line, const struct kernel_target *target,
	struct arena *arena, struct config_line *ret_line)
{
	struct span value;
	bool applies;

	while (line.length && strchr(" \t\r", line.at[line.length - 1]))
		line.length--;
	if (!line.length)
		return CONFIG_LINE_SAYS_NOTHING;
	if (*line.at == '#')
		return parse_comment(line, arena, ret_line);
	if (line.length < strlen(prefix) || memcmp(line.at, prefix, strlen(prefix)))
		return CONFIG_LINE_WRONG;
	skip(&line, strlen(prefix));
	struct span symbol = take_word(&line);
	if (!symbol.length || !line.length || *line.at != '=')
		return CONFIG_LINE_WRONG;
	skip(&line, 1);
	if (!take_value(&line, &value) || !config_mark_parse(line, target, &applies))
		return CONFIG_LINE_WRONG;
	if (!applies)
		return CONFIG_LINE_SAYS_NOTHING;
	*ret_line = (struct config_line){
		.symbol = span_keep(symbol, arena), .value = span_keep(value, arena)};
	return CONFIG_LINE_SETS;
}
