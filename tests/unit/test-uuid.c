/* UUIDs as texts, as GPT stores them, and derived. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "image/uuid.h"

static void test_text(void **state)
{
	static const char text[] = "01234567-89ab-cdef-0123-456789abcdef";
	static const char *const wrong[] = {
		"",
		"01234567-89ab-cdef-0123-456789abcde",
		"01234567-89ab-cdef-0123-456789abcdef0",
		"01234567-89ab-cdef-0123-456789abcdeg",
		"0123456789ab-cdef-0123-456789abcdef",
		"01234567-89ab-cdef-0123456789abcdef",
		"{1234567-89ab-cdef-0123-456789abcdef",
		"01234567-89ab-cdef-0123-",
	};
	struct uuid uuid, same;
	char back[UUID_TEXT];

	(void)state;
	assert_true(uuid_parse(text, &uuid));
	assert_int_equal(uuid.bytes[0], 0x01);
	assert_int_equal(uuid.bytes[15], 0xef);
	uuid_format(&uuid, back);
	assert_string_equal(back, text);
	assert_true(uuid_parse("01234567-89AB-CDEF-0123-456789ABCDEF", &same));
	assert_memory_equal(&uuid, &same, sizeof(uuid));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_false(uuid_parse(wrong[i], &uuid));
}

/* UEFI 2.10, appendix A: the EFI system partition's type and its bytes. */
static void test_gpt_form(void **state)
{
	static const uint8_t stored[16] = {0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11, 0xba,
		0x4b, 0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b};
	struct uuid uuid, back;
	uint8_t bytes[16];

	(void)state;
	assert_true(uuid_parse("c12a7328-f81f-11d2-ba4b-00a0c93ec93b", &uuid));
	uuid_to_gpt(&uuid, bytes);
	assert_memory_equal(bytes, stored, sizeof(stored));
	back = uuid_from_gpt(stored);
	assert_memory_equal(&back, &uuid, sizeof(uuid));
}

static void test_derive(void **state)
{
	struct uuid one = uuid_derive("seed", "disk"), again = uuid_derive("seed", "disk");
	struct uuid shifted = uuid_derive("seedd", "isk"), other = uuid_derive("seed", "root");

	(void)state;
	assert_memory_equal(&one, &again, sizeof(one));
	assert_memory_not_equal(&one, &shifted, sizeof(one));
	assert_memory_not_equal(&one, &other, sizeof(one));
	assert_int_equal(one.bytes[6] >> 4, 8);
	assert_int_equal(one.bytes[8] >> 6, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_gpt_form),
		cmocka_unit_test(test_derive),
	};

	return cmocka_run_group_tests_name("uuid", tests, NULL, NULL);
}
