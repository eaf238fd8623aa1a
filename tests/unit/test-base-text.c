/* Buffers, word lists, predicates and suggestions. */
#include "base/text.h"
#include "support/test.h"

static void buffer_collects_and_ends_with_nul(void **state)
{
	struct buffer buffer = {0};

	(void)state;
	buffer_append(&buffer, "", 0);
	assert_string_equal(buffer.data, "");
	buffer_text(&buffer, "one ");
	buffer_printf(&buffer, "%d", 2);
	buffer_append(&buffer, "\0x", 2);
	assert_int_equal(buffer.length, 7);
	assert_memory_equal(buffer.data, "one 2\0x", 8);
	buffer_release(&buffer);
	assert_null(buffer.data);
}

static void buffer_grows_byte_by_byte(void **state)
{
	struct buffer buffer = {0};

	(void)state;
	for (unsigned i = 0; i < 100000; i++)
		buffer_append(&buffer, &(char){(char)('a' + i % 26)}, 1);
	assert_int_equal(buffer.length, 100000);
	for (unsigned i = 0; i < 100000; i++)
		assert_int_equal(buffer.data[i], 'a' + i % 26);
	assert_int_equal(buffer.data[100000], '\0');
	buffer_release(&buffer);
}

static void predicates(void **state)
{
	const char *items[] = {"ext4", "vfat"};
	struct words words = {items, 2, 0};

	(void)state;
	assert_true(words_contain(&words, "vfat"));
	assert_false(words_contain(&words, "fat"));
	assert_false(words_contain(&(struct words){0}, ""));
	assert_true(text_equal(NULL, NULL));
	assert_false(text_equal(NULL, ""));
	assert_false(text_equal("", NULL));
	assert_true(text_equal("a", "a"));
	assert_true(text_starts("jeos-1", "jeos"));
	assert_true(text_starts("x", ""));
	assert_false(text_starts("je", "jeos"));
	assert_true(text_ends("a.qcow2", ".qcow2"));
	assert_true(text_ends("a", ""));
	assert_false(text_ends("2", ".qcow2"));
	assert_false(text_ends("a.qcow2.part", ".qcow2"));
}

static const char *const keys[] = {"packages", "platforms", "suite", "strip", "disk", "name"};

static void words_are_sorted_by_their_bytes(void **state)
{
	const char *items[] = {"b", "a-c", "a/b", "B", "a"};
	struct words words = {items, 5, 0}, none = {0};

	(void)state;
	words_sort(&words);
	words_sort(&none);
	assert_string_equal(items[0], "B");
	assert_string_equal(items[1], "a");
	assert_string_equal(items[2], "a-c");
	assert_string_equal(items[3], "a/b");
	assert_string_equal(items[4], "b");
}

static void nearest_is_what_was_meant(void **state)
{
	static const struct {
		const char *typed, *meant;
	} cases[] = {
		{"pakages", "packages"},
		{"package", "packages"},
		{"Packages", "packages"},
		{"apckages", "packages"},
		{"platform", "platforms"},
		{"suit", "suite"},
		{"stripp", "strip"},
		{"dsik", "disk"},
		{"packages", "packages"},
		{"zebra", NULL},
		{"completely different", NULL},
		{"", NULL},
	};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		const char *found = text_nearest(cases[i].typed, keys, array_count(keys));
		if (!text_equal(found, cases[i].meant))
			fail_msg("%s: %s", cases[i].typed, found ? found : "nothing");
	}
}

static void nearest_of_long_texts_is_none(void **state)
{
	char longer[200];

	(void)state;
	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_null(text_nearest(longer, keys, array_count(keys)));
	assert_null(text_nearest("name", (const char *const[]){longer}, 1));
	assert_null(text_nearest("name", NULL, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buffer_collects_and_ends_with_nul),
		cmocka_unit_test(buffer_grows_byte_by_byte),
		cmocka_unit_test(predicates),
		cmocka_unit_test(words_are_sorted_by_their_bytes),
		cmocka_unit_test(nearest_is_what_was_meant),
		cmocka_unit_test(nearest_of_long_texts_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
