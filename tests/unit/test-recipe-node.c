/* YAML into nodes: kinds, texts, places, and the bounds. Must-fail files are in tests/fixtures. */
#include "base/cleanup.h"
#include "base/text.h"
#include "recipe/node.h"
#include "support/test.h"

/* Parses into a recipe that the caller frees; the root is NULL after a problem. */
static const struct node *parse(struct recipe *recipe, const char *text, size_t length)
{
	cleanup_buffer struct buffer buffer = {0};
	const struct node *root = NULL;

	buffer_append(&buffer, text, length);
	int result = node_parse(recipe, "a.yaml", &buffer, &root);
	assert_int_equal(result, recipe->problems.count ? -1 : 0);
	return root;
}

static void assert_place(struct position at, unsigned line, unsigned column)
{
	assert_string_equal(at.file, "a.yaml");
	assert_int_equal(at.line, line);
	assert_int_equal(at.column, column);
}

static void tree(void **state)
{
	static const char text[] = "# a comment\n"
				   "name: web\n"
				   "list:\n"
				   "  - 'quoted'\n"
				   "  - {deep: [1, \"2\"], empty: }\n"
				   "tail: |\n"
				   "  two\n"
				   "  lines\n";
	cleanup_recipe struct recipe *recipe = xcalloc(1, sizeof(*recipe));
	const struct node *root = parse(recipe, text, strlen(text));

	(void)state;
	assert_non_null(root);
	assert_int_equal(root->kind, NODE_MAPPING);
	const struct node *name = node_find(root, "name");
	assert_ptr_equal(name, root->first);
	assert_string_equal(name->text, "web");
	assert_false(name->quoted);
	assert_place(name->key_at, 2, 1);
	assert_place(name->at, 2, 7);

	const struct node *list = node_find(root, "list");
	assert_int_equal(list->kind, NODE_LIST);
	assert_string_equal(list->first->text, "quoted");
	assert_true(list->first->quoted);
	assert_place(list->first->at, 4, 5);
	const struct node *inner = list->first->next;
	assert_null(inner->next);
	assert_int_equal(inner->kind, NODE_MAPPING);
	assert_place(node_find(inner, "deep")->first->next->at, 5, 16);
	assert_true(node_find(inner, "deep")->first->next->quoted);
	assert_string_equal(node_find(inner, "empty")->text, "");

	assert_string_equal(node_find(root, "tail")->text, "two\nlines\n");
	assert_null(node_find(root, "none"));
	assert_null(node_find(list, "deep"));
}

/* However a file is written, its texts are the same. */
static void encodings(void **state)
{
	static const char *const texts[] = {
		"\xef\xbb\xbf"
		"name: caf\xc3\xa9\n",                                 /* a byte order mark */
		"name: caf\xc3\xa9\r\n",                               /* lines as on Windows */
		"---\nname: \"caf\\xe9\"\n...\n", "name: caf\xc3\xa9", /* no line feed at the end */
	};

	(void)state;
	for (size_t i = 0; i < array_count(texts); i++) {
		cleanup_recipe struct recipe *recipe = xcalloc(1, sizeof(*recipe));
		const struct node *root = parse(recipe, texts[i], strlen(texts[i]));
		if (!root)
			fail_msg("%zu: %s", i, recipe->problems.items[0].message);
		assert_string_equal(root->first->text, "caf\xc3\xa9");
	}
}

static void assert_problem(
	const char *text, size_t length, unsigned line, unsigned column, const char *message)
{
	cleanup_recipe struct recipe *recipe = xcalloc(1, sizeof(*recipe));

	assert_null(parse(recipe, text, length));
	assert_int_equal(recipe->problems.count, 1);
	const struct recipe_problem *problem = &recipe->problems.items[0];
	if (!strstr(problem->message, message))
		fail_msg("\"%s\" is not in: %s", message, problem->message);
	assert_place(problem->at, line, column);
}

static void bytes(void **state)
{
	(void)state;
	assert_problem("a: b\nc: \xff\n", 10, 2, 4, "invalid text");
	assert_problem("a: b\0c\n", 7, 1, 5, "control characters are not allowed");
	assert_problem("a: \xed\xa0\x80\n", 7, 1, 4, "invalid text");
	assert_problem("a: \"\\u2028\"\n", 12, 1, 4, "cannot hold control characters");
	assert_problem("a: \"\\x9b\"\n", 10, 1, 4, "cannot hold control characters");
	assert_problem("", 0, 1, 1, "the recipe is empty");
}

static void bounds(void **state)
{
	cleanup_buffer struct buffer many = {0}, deep = {0};

	(void)state;
	buffer_text(&many, "list:\n");
	for (unsigned i = 0; i < 9998; i++)
		buffer_text(&many, "- a\n");
	cleanup_recipe struct recipe *recipe = xcalloc(1, sizeof(*recipe));
	assert_non_null(parse(recipe, many.data, many.length));
	buffer_text(&many, "- a\n");
	assert_problem(many.data, many.length, 10000, 3, "more than 10000 values");

	for (unsigned i = 0; i < 5000; i++)
		buffer_text(&deep, "[");
	assert_problem(deep.data, deep.length, 1, 17, "nested deeper than 16 levels");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tree),
		cmocka_unit_test(encodings),
		cmocka_unit_test(bytes),
		cmocka_unit_test(bounds),
	};

	return cmocka_run_group_tests_name("recipe-node", tests, NULL, NULL);
}
