#include "value.h"

#include <string.h>

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
	[VALUE_CHECKS] = "a list of checks",
};

static void *field_of(const struct key *key, void *base)
{
	return (char *)base + key->offset;
}

/* "`size` must be a size such as 512M or 4G, not `4X`" */
int value_mismatch(struct recipe *recipe, const struct key *key, const struct node *node)
{
	static const char *const kinds[] = {[NODE_LIST] = "a list", [NODE_MAPPING] = "a mapping"};
	const char *found = kinds[node->kind];

	if (key->form && key->form->secret && node->kind == NODE_SCALAR)
		found = "a text";
	else if (node->kind == NODE_SCALAR)
		found = *node->text ? problem_quote(recipe, node->text) : "nothing";
	bool plain = key->type == VALUE_NUMBER || key->type == VALUE_BOOLEAN;
	return recipe_problem(recipe, node->at, "`%s` must be %s, not %s%s", key->name,
		expectations[key->type], plain && node->quoted ? "the quoted text " : "", found);
}

static int read_word(struct recipe *recipe, const struct key *key, const struct node *node,
	struct word *ret_word)
{
	struct word word = {node->text, node->at};

	if (node->kind != NODE_SCALAR)
		return recipe_problem(recipe, node->at, "%s `%s` must be a text, not %s",
			key->type == VALUE_TEXT ? "the value of" : "an item of", key->name,
			node->kind == NODE_LIST ? "a list" : "a mapping");
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
	node_for_each(item, node)
	{
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
	node_for_each(item, node)
	{
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

/* "64 MiB", "1 s", "65535" */
static const char *bound(struct recipe *recipe, const struct key *key, uint64_t value)
{
	char text[32];

	if (key->type == VALUE_SIZE)
		return arena_printf(&recipe->arena, "%s", size_format(value, text, sizeof(text)));
	if (key->type == VALUE_DURATION)
		return arena_printf(&recipe->arena, "%g s", value / 1000.0);
	return arena_printf(&recipe->arena, "%llu", (unsigned long long)value);
}

static int store_number(struct recipe *recipe, const struct key *key, const struct node *node,
	uint64_t value, void *base)
{
	void *field = field_of(key, base);
	bool small = value < key->least;

	if (small || (key->most && value > key->most))
		return recipe_problem(recipe, node->at, "`%s` must be at %s %s, not %s", key->name,
			small ? "least" : "most",
			bound(recipe, key, small ? key->least : key->most),
			problem_quote(recipe, node->text));
	if (key->multiple && value % key->multiple)
		return recipe_problem(recipe, node->at, "`%s` must be a multiple of %s, not %s",
			key->name, bound(recipe, key, key->multiple),
			problem_quote(recipe, node->text));
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

	if (node->kind == NODE_SCALAR && key->type == VALUE_SIZE)
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
