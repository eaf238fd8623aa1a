/* SHA-256 against the vectors of FIPS 180-4's examples, and the structured inputs. */
#include <fcntl.h>
#include <stdio.h>

#include "base/file.h"
#include "base/hash.h"
#include "support/test.h"

#define EMPTY     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define ABC       "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define A_MILLION "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"

static void known_vectors(void **state)
{
	struct hash hash;
	char text[HASH_TEXT];
	char block[1000];

	(void)state;
	hash_init(&hash);
	hash_finish(&hash, text);
	assert_string_equal(text, EMPTY);

	hash_init(&hash);
	hash_update(&hash, "a", 1);
	hash_update(&hash, "bc", 2);
	hash_finish(&hash, text);
	assert_string_equal(text, ABC);

	memset(block, 'a', sizeof(block));
	hash_init(&hash);
	for (unsigned i = 0; i < 1000; i++)
		hash_update(&hash, block, sizeof(block));
	hash_finish(&hash, text);
	assert_string_equal(text, A_MILLION);
}

static void files(void **state)
{
	struct error err = {0};
	char text[HASH_TEXT] = "untouched";
	char *million = xmalloc(1000000);

	(void)state;
	memset(million, 'a', 1000000);
	assert_ok(file_write(AT_FDCWD, "million", million, 1000000, 0644, &err), &err);
	assert_ok(file_write(AT_FDCWD, "empty", "", 0, 0644, &err), &err);
	free(million);
	assert_fails(hash_file(AT_FDCWD, "missing", text, &err), &err, STATUS_FAILED, "missing: ");
	assert_fails(hash_file(AT_FDCWD, ".", text, &err), &err, STATUS_FAILED, "directory");
	assert_string_equal(text, "untouched");
	assert_ok(hash_file(AT_FDCWD, "million", text, &err), &err);
	assert_string_equal(text, A_MILLION);
	assert_ok(hash_file(AT_FDCWD, "empty", text, &err), &err);
	assert_string_equal(text, EMPTY);
}

static void of_texts(char ret_text[HASH_TEXT], const char *const *texts, size_t count)
{
	struct hash hash;

	hash_init(&hash);
	for (size_t i = 0; i < count; i++)
		hash_text(&hash, texts[i]);
	hash_finish(&hash, ret_text);
}

static void lists_never_collide_by_concatenation(void **state)
{
	static const char *const lists[][2] = {
		{"ab", "c"}, {"a", "bc"}, {"abc", ""}, {"", "abc"}, {"abc", NULL}, {NULL, "abc"}};
	char texts[array_count(lists)][HASH_TEXT];

	(void)state;
	for (size_t i = 0; i < array_count(lists); i++) {
		of_texts(texts[i], lists[i], 2);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(texts[i], texts[j]);
	}
}

static void validity(void **state)
{
	(void)state;
	assert_true(hash_valid(EMPTY));
	assert_false(hash_valid(""));
	assert_false(hash_valid(EMPTY "0"));
	assert_false(
		hash_valid("E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"));
	assert_false(hash_valid("../../../../../../../../../../../../../../../../../etc/passwd.."));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_vectors),
		cmocka_unit_test(files),
		cmocka_unit_test(lists_never_collide_by_concatenation),
		cmocka_unit_test(validity),
	};

	return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
