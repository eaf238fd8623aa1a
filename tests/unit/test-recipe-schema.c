/* The table of keys and what is made of it: the schema for editors, the manual, the printed recipe.
 */
#include <fcntl.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "recipe/recipe.h"
#include "recipe/schema.h"
#include "support/test.h"

/* A file of the checkout. */
static struct buffer read_top(const char *name)
{
	const char *top = getenv("JEOS_TOP");
	cleanup_free char *path = xasprintf("%s/%s", top ? top : ".", name);
	struct buffer content = {0};
	struct error err = {0};

	assert_ok(file_read(AT_FDCWD, path, 1 << 20, &content, &err), &err);
	return content;
}

static void schema_file_is_current(void **state)
{
	cleanup_buffer struct buffer file = read_top("recipes/recipe.schema.json");
	cleanup_free char *schema = recipe_schema_json();

	(void)state;
	if (strcmp(file.data, schema))
		fail_msg("write it anew: build/jeos check --schema >recipes/recipe.schema.json");
}

/* In the manual every key begins a paragraph, bold and followed by what it takes: "*name*: ". */
static void assert_documented(const struct key *keys, const char *manual)
{
	for (const struct key *key = keys; key->name; key++) {
		cleanup_free char *outer = xasprintf("\n\n*%s*: ", key->name);
		cleanup_free char *inner = xasprintf("\n\n\t*%s*: ", key->name);
		if (!strstr(manual, outer) && !strstr(manual, inner))
			fail_msg("jeos-recipe.5.scd does not document `%s`", key->name);
		if (key->keys)
			assert_documented(key->keys, manual);
	}
}

static void manual_has_every_key(void **state)
{
	cleanup_buffer struct buffer manual = read_top("builder/recipe/jeos-recipe.5.scd");

	(void)state;
	assert_documented(recipe_keys, manual.data);
}

static void assert_row(const struct key *key)
{
	bool text = key->type == VALUE_TEXT || key->type == VALUE_LIST || key->type == VALUE_FLAGS;
	bool items = key->type == VALUE_ITEMS;
	bool nested = key->type == VALUE_MAPPING || items || key->type == VALUE_CHECKS;

	assert_int_equal(text, key->form != NULL);
	assert_int_equal(nested, key->keys != NULL);
	assert_int_equal(items, key->item != 0);
	if (key->type == VALUE_FLAGS)
		assert_non_null(key->form->choice);
	assert_true(text_ends(key->documentation, "."));
	assert_null(strchr(key->documentation, '\n'));
}

/* What the readers rely on. */
static void rows_are_consistent(void **state)
{
	const struct key *tables[32] = {recipe_keys};
	size_t count = 1;

	(void)state;
	for (size_t i = 0; i < count; i++)
		for (const struct key *key = tables[i]; key->name; key++) {
			assert_row(key);
			if (key->keys && count < array_count(tables))
				tables[count++] = key->keys;
		}
	assert_in_range(count, 10, array_count(tables) - 1);
}

/* A recipe that is printed reads back as the same recipe. */
static void printed_recipe_reads_back(void **state)
{
	static const char text[] = "name: a\n"
				   "version: 007\n"
				   "summary: \"quotes \\\" and \\\\ and \xc3\xa9\"\n"
				   "suite: bookworm\n"
				   "packages: [nano, 'libstdc++6']\n"
				   "hook-timeout: 61s\n"
				   "disk: {size: 1.5G, firmware: [uefi]}\n"
				   "test:\n"
				   "  ready-within: 1500ms\n"
				   "  checks:\n"
				   "    - run: {command: \"a\\tb\\nc: d\\n\", status: 3}\n"
				   "    - absent: {files: [/a*, '/b c']}\n"
				   "    - memory-used: 1025K\n";
	struct recipe *recipe;
	struct error err = {0};

	(void)state;
	assert_ok(file_write_text(AT_FDCWD, "a.yaml", text, 0644, &err), &err);
	assert_ok(recipe_load("a.yaml", &recipe, &err), &err);
	cleanup_free char *first = recipe_text(recipe);
	assert_int_equal(recipe->test.checks.count, 3);
	recipe_free(recipe);
	assert_ok(file_write_text(AT_FDCWD, "b.yaml", first, 0644, &err), &err);
	assert_ok(recipe_load("b.yaml", &recipe, &err), &err);
	cleanup_free char *second = recipe_text(recipe);
	assert_string_equal(first, second);
	assert_string_equal(recipe->test.checks.items[0].text, "a\tb\nc: d\n");
	assert_string_equal(recipe->version.text, "007");
	recipe_free(recipe);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_consistent),
		cmocka_unit_test(printed_recipe_reads_back),
	};
	const struct CMUnitTest documents[] = {
		cmocka_unit_test(schema_file_is_current),
		cmocka_unit_test(manual_has_every_key),
	};

	return cmocka_run_group_tests_name("recipe-documents", documents, NULL, NULL) +
	       cmocka_run_group_tests_name("recipe-schema", tests, enter_scratch, leave_scratch);
}
