#include "value.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/size.h"
#include "problem.h"

static const char *const expectations[] = {
	[VALUE_TEXT] = "a text",
	[VALUE_LIST] = "a list such as [a, b]",
	[VALUE_FLAGS] = "a list such as [a, b]",
	[VALUE_NUMBER] = "a whole number",
	[VALUE_BOOLEAN] = "true or false",
	[VALUE_SIZE] = "a size such as 512M or 4G",
	[VALUE_DURATION] = "a duration such as 90s or 5m",
	[VALUE_MAPPING] = "a mapping such as {key: value}",
	[VALUE_ITEMS] = "a list of mappings such as [{key: value}]",
	[VALUE_CHECKS] = "a list of checks",
};

static void *field_of(const struct key *key, void *base)
{
	return (char *)base + key->offset;
}

/* What stands there, for messages. */
static const char *found(struct recipe *recipe, const struct node *node)
{
	if (node->kind != NODE_SCALAR)
		return node->kind == NODE_LIST ? "a list" : "a mapping";
	return *node->text ? problem_quote(recipe, node->text) : "nothing";
}

int value_mismatch(struct recipe *recipe, const struct key *key, const struct node *node)
{
	bool unquoted = key->type == VALUE_NUMBER || key->type == VALUE_BOOLEAN;

	return recipe_problem(recipe, node->at, "`%s` must be %s%s, not %s%s", key->name,
		key->scalar ? "a value or " : "", expectations[key->type],
		unquoted && node->quoted ? "the quoted text " : "", found(recipe, node));
}

static int read_word(struct recipe *recipe, const struct key *key, const struct node *node,
	struct word *ret_word)
{
	struct word word = {node->text, node->at};

	if (node->kind != NODE_SCALAR || !*node->text)
		return recipe_problem(recipe, node->at, "%s`%s` must be a text, not %s",
			key->type == VALUE_TEXT ? "" : "an item of ", key->name,
			found(recipe, node));
	if (form_check(recipe, key->form, &word))
		return -1;
	*ret_word = word;
	return 0;
}

int value_text(struct recipe *recipe, const struct key *key, const struct node *node, void *base)
{
	struct word word;

	if (read_word(recipe, key, node, &word))
		return -1;
	if (key->width == sizeof(struct word))
		*(struct word *)field_of(key, base) = word;
	else if (key->width)
		*(const char **)field_of(key, base) = word.text;
	return 0;
}

static bool list_has(const struct word_list *list, const char *text)
{
	vector_for_each (word, list)
		if (!strcmp(word->text, text))
			return true;
	return false;
}

int value_list(struct recipe *recipe, const struct key *key, const struct node *node, void *base)
{
	struct word_list *list = field_of(key, base);
	int result = 0;

	if (node->kind != NODE_LIST)
		return value_mismatch(recipe, key, node);
	for (const struct node *item = node->first; item; item = item->next) {
		struct word word;
		if (read_word(recipe, key, item, &word))
			result = -1;
		else if (!list_has(list, word.text))
			*arena_add(&recipe->arena, list) = word;
	}
	return result;
}

int value_flags(struct recipe *recipe, const struct key *key, const struct node *node, void *base)
{
	unsigned *flags = field_of(key, base);
	int result = 0;

	if (node->kind != NODE_LIST)
		return value_mismatch(recipe, key, node);
	for (const struct node *item = node->first; item; item = item->next) {
		struct word word;
		const char *choice;
		if (read_word(recipe, key, item, &word)) {
			result = -1;
			continue;
		}
		for (size_t i = 0; (choice = key->form->choice(i)); i++)
			if (!strcmp(choice, word.text))
				*flags |= 1u << i;
	}
	return result;
}

struct unit {
	const char *suffix;
	uint64_t factor;
};

/* In the largest unit that leaves no fraction. */
void value_print_number(struct buffer *text, enum value_type type, uint64_t value)
{
	static const struct unit sizes[] = {
		{"T", 1024 * GIB}, {"G", GIB}, {"M", MIB}, {"K", KIB}, {"", 1}};
	static const struct unit durations[] = {
		{"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};
	static const struct unit numbers[] = {{"", 1}};
	const struct unit *unit = type == VALUE_SIZE       ? sizes
				  : type == VALUE_DURATION ? durations
							   : numbers;

	while (unit->factor > 1 && (value % unit->factor || value < unit->factor))
		unit++;
	buffer_printf(text, "%llu%s", (unsigned long long)(value / unit->factor), unit->suffix);
}

/* "`size` must be at least 64M, not `32M`" */
static int out_of_bounds(struct recipe *recipe, const struct key *key, const struct node *node,
	const char *relation, uint64_t bound)
{
	cleanup_buffer struct buffer text = {0};

	value_print_number(&text, key->type, bound);
	return recipe_problem(recipe, node->at, "`%s` must be %s %s, not %s", key->name, relation,
		text.data, problem_quote(recipe, node->text));
}

static int store_number(struct recipe *recipe, const struct key *key, const struct node *node,
	uint64_t value, void *base)
{
	void *field = field_of(key, base);

	if (value < key->least)
		return out_of_bounds(recipe, key, node, "at least", key->least);
	if (key->most && value > key->most && value != SIZE_CONTENT)
		return out_of_bounds(recipe, key, node, "at most", key->most);
	if (key->multiple && value % key->multiple && value != SIZE_CONTENT)
		return out_of_bounds(recipe, key, node, "a multiple of", key->multiple);
	if (key->width == sizeof(uint64_t))
		*(uint64_t *)field = value;
	else
		*(unsigned *)field = value;
	if (key->position)
		*(struct position *)((char *)base + key->position) = node->at;
	return 0;
}

/* Decimal, without a sign or leading zeros. */
static bool number_parse(const char *text, uint64_t *ret_number)
{
	uint64_t number = 0;

	if (!*text || (*text == '0' && text[1]))
		return false;
	for (; *text; text++)
		if (*text < '0' || *text > '9' || __builtin_mul_overflow(number, 10, &number) ||
			__builtin_add_overflow(number, *text - '0', &number))
			return false;
	*ret_number = number;
	return true;
}

/* A number, a size or a duration. */
int value_number(struct recipe *recipe, const struct key *key, const struct node *node, void *base)
{
	uint64_t value;
	bool good = false;

	if (node->kind == NODE_SCALAR && key->word && !strcmp(node->text, key->word)) {
		value = SIZE_CONTENT;
		good = true;
	} else if (node->kind == NODE_SCALAR && key->type == VALUE_SIZE)
		good = size_parse(node->text, &value);
	else if (node->kind == NODE_SCALAR && key->type == VALUE_DURATION)
		good = duration_parse(node->text, &value);
	else if (node->kind == NODE_SCALAR && !node->quoted)
		good = number_parse(node->text, &value);
	return good ? store_number(recipe, key, node, value, base)
		    : value_mismatch(recipe, key, node);
}

int value_boolean(struct recipe *recipe, const struct key *key, const struct node *node, void *base)
{
	bool plain = node->kind == NODE_SCALAR && !node->quoted;
	bool yes = plain && !strcmp(node->text, "true");

	if (!yes && !(plain && !strcmp(node->text, "false")))
		return value_mismatch(recipe, key, node);
	*(bool *)field_of(key, base) = yes;
	return 0;
}
