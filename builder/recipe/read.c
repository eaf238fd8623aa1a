/* Nodes into a recipe, by the schema: mappings, checks and defaults. */
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "problem.h"
#include "value.h"

bool schema_unset(const struct key *key, const void *base)
{
	const char *field = (const char *)base + key->offset;

	for (size_t i = 0; i < key->width; i++)
		if (field[i])
			return false;
	return true;
}

static int read_mapping(
	struct recipe *recipe, const struct key *key, const struct node *node, void *base);
static int read_items(
	struct recipe *recipe, const struct key *key, const struct node *node, void *base);
static int read_checks(
	struct recipe *recipe, const struct key *key, const struct node *node, void *base);

static int (*const readers[])(
	struct recipe *recipe, const struct key *key, const struct node *node, void *base) = {
	[VALUE_TEXT] = value_text,
	[VALUE_LIST] = value_list,
	[VALUE_FLAGS] = value_flags,
	[VALUE_NUMBER] = value_number,
	[VALUE_BOOLEAN] = value_boolean,
	[VALUE_SIZE] = value_number,
	[VALUE_DURATION] = value_number,
	[VALUE_MAPPING] = read_mapping,
	[VALUE_ITEMS] = read_items,
	[VALUE_CHECKS] = read_checks,
};

/* What was inherited goes. */
static void clear(const struct key *keys, void *base)
{
	for (; keys->name; keys++)
		memset((char *)base + keys->offset, 0, keys->width);
}

static int read_mapping(
	struct recipe *recipe, const struct key *key, const struct node *node, void *base)
{
	if (key->scalar && node->kind == NODE_SCALAR) {
		struct key first = key->keys[0];
		first.name = key->name;
		clear(key->keys, base);
		return readers[first.type](recipe, &first, node, base);
	}
	if (node->kind != NODE_MAPPING)
		return value_mismatch(recipe, key, node);
	if (!node->first)
		return recipe_problem(recipe, node->at, "`%s` is empty", key->name);
	if (schema_read(recipe, key->keys, node, base))
		return -1;
	for (const struct key *inner = key->keys; inner->name; inner++)
		if (inner->required && schema_unset(inner, base))
			return recipe_problem(
				recipe, node->at, "`%s` has no `%s`", key->name, inner->name);
	return 0;
}

static int read_item(
	struct recipe *recipe, const struct key *key, const struct node *node, void *item)
{
	if (node->kind != NODE_MAPPING)
		return recipe_problem(recipe, node->at,
			"an item of `%s` must be a mapping such as {key: value}", key->name);
	if (read_mapping(recipe, key, node, item))
		return -1;
	schema_complete(recipe, key->keys, item);
	return 0;
}

static int read_items(
	struct recipe *recipe, const struct key *key, const struct node *node, void *base)
{
	vector(char) *list = (void *)((char *)base + key->offset);
	int result = 0;

	if (node->kind != NODE_LIST)
		return value_mismatch(recipe, key, node);
	for (const struct node *entry = node->first; entry; entry = entry->next) {
		char *item = arena_alloc(&recipe->arena, key->item);
		if (read_item(recipe, key, entry, item)) {
			result = -1;
			continue;
		}
		list->items = arena_room(
			&recipe->arena, list->items, list->count, &list->capacity, key->item);
		memcpy(list->items + list->count++ * key->item, item, key->item);
	}
	return result;
}

static int unknown_key(struct recipe *recipe, const struct key *keys, const struct node *entry)
{
	const char *names[64];
	size_t count = 0;
	cleanup_buffer struct buffer known = {0};

	for (; count < array_count(names) && keys[count].name; count++) {
		names[count] = keys[count].name;
		buffer_printf(&known, "%s%s", count ? ", " : "", names[count]);
	}
	const char *key = problem_quote(recipe, entry->key);
	const char *nearest = text_nearest(entry->key, names, count);
	if (nearest)
		return recipe_problem(
			recipe, entry->key_at, "unknown key %s; did you mean `%s`?", key, nearest);
	return recipe_problem(
		recipe, entry->key_at, "unknown key %s; known here: %s", key, known.data);
}

static const struct key *key_find(const struct key *keys, const char *name)
{
	for (; keys->name; keys++)
		if (!strcmp(keys->name, name))
			return keys;
	return NULL;
}

static int read_check(struct recipe *recipe, const struct node *node, struct recipe_check *check)
{
	const struct node *entry = node->first;

	if (node->kind != NODE_MAPPING || !entry)
		return recipe_problem(recipe, node->at,
			"a check must be a mapping such as {port: 80} or {run: COMMAND}");
	if (entry->next)
		return recipe_problem(recipe, entry->next->key_at,
			"a check has one key; make %s an item of its own",
			problem_quote(recipe, entry->next->key));
	const struct key *key = key_find(check_keys, entry->key);
	if (!key)
		return unknown_key(recipe, check_keys, entry);
	check->kind = key - check_keys;
	check->at = entry->key_at;
	if (readers[key->type](recipe, key, entry, check))
		return -1;
	if (key->keys)
		schema_complete(recipe, key->keys, check);
	return 0;
}

static int read_checks(
	struct recipe *recipe, const struct key *key, const struct node *node, void *base)
{
	struct recipe_test *test = &((struct recipe *)base)->test;
	int result = 0;

	if (node->kind != NODE_LIST)
		return value_mismatch(recipe, key, node);
	for (const struct node *item = node->first; item; item = item->next) {
		struct recipe_check check = {0};
		if (read_check(recipe, item, &check))
			result = -1;
		else
			*arena_add(&recipe->arena, &test->checks) = check;
	}
	return result;
}

int schema_read(struct recipe *recipe, const struct key *keys, const struct node *node, void *base)
{
	int result = 0;

	for (const struct node *entry = node->first; entry; entry = entry->next) {
		const struct key *key = key_find(keys, entry->key);
		if (key ? readers[key->type](recipe, key, entry, base)
			: unknown_key(recipe, keys, entry))
			result = -1;
	}
	return result;
}

/* Reads the default as if the recipe had it. */
static void complete(struct recipe *recipe, const struct key *key, void *base)
{
	struct position at = {recipe->path, 1, 1};
	struct node scalar = {.kind = NODE_SCALAR, .at = at, .text = key->fallback};
	struct node list = {.kind = NODE_LIST, .at = at, .first = &scalar};

	readers[key->type](recipe, key, key->type == VALUE_LIST ? &list : &scalar, base);
}

void schema_complete(struct recipe *recipe, const struct key *keys, void *base)
{
	for (const struct key *key = keys; key->name; key++)
		if (key->type == VALUE_MAPPING)
			schema_complete(recipe, key->keys, base);
		else if (key->fallback && schema_unset(key, base))
			complete(recipe, key, base);
}
