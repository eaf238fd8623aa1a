/* Sizes and durations: what is accepted, what is not, and the edges of 63 bits. */
#include "base/size.h"
#include "support/test.h"

struct parse_case {
	const char *text;
	bool good;
	uint64_t value;
};

static void check(
	bool (*parse)(const char *, uint64_t *), const struct parse_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t value = 12345;
		bool good = parse(cases[i].text, &value);
		if (good != cases[i].good || value != (good ? cases[i].value : 12345))
			fail_msg("\"%s\": %s, %llu", cases[i].text, good ? "good" : "bad",
				(unsigned long long)value);
	}
}

static void sizes(void **state)
{
	static const struct parse_case cases[] = {
		{"0", true, 0},
		{"512", true, 512},
		{"1K", true, 1024},
		{"4G", true, 4 * GIB},
		{"1.5M", true, 1536 * KIB},
		{"0.5K", true, 512},
		{"1.0009K", true, 1024}, /* thousandths count, what is finer does not */
		{"2T", true, 2048 * GIB},
		{"007", true, 7},
		{"9223372036854775807", true, INT64_MAX},
		{"9223372036854775808", false, 0},
		{"18446744073709551616", false, 0},
		{"8388607T", true, 8388607ull << 40},
		{"8388607.999T", true, (8388607ull << 40) + (uint64_t)999 * (1024 * GIB) / 1000},
		{"8388608T", false, 0},
		{"99999999999999999999999999T", false, 0},
		{"4X", false, 0},
		{"4g", false, 0},
		{"4GB", false, 0},
		{"4 G", false, 0},
		{" 4G", false, 0},
		{"-1", false, 0},
		{"+1", false, 0},
		{"", false, 0},
		{"G", false, 0},
		{".5G", false, 0},
		{"1.G", false, 0},
		{"1.5", false, 0}, /* half a byte */
		{"1.5.5M", false, 0},
		{"1e3", false, 0},
		{"0x10", false, 0},
	};

	(void)state;
	check(size_parse, cases, array_count(cases));
}

static void durations(void **state)
{
	static const struct parse_case cases[] = {
		{"0", true, 0},
		{"60", true, 60000},
		{"60s", true, 60000},
		{"500ms", true, 500},
		{"2m", true, 120000},
		{"1.5h", true, 5400000},
		{"0.25", true, 250},
		{"1.5ms", false, 0},
		{"1d", false, 0},
		{"s", false, 0},
		{"", false, 0},
		{"-5s", false, 0},
		{"5 s", false, 0},
		{"9223372036854775s", true, 9223372036854775000},
		{"9223372036854776s", false, 0},
		{"3000000000000h", false, 0},
	};

	(void)state;
	check(duration_parse, cases, array_count(cases));
}

static void formats(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} cases[] = {
		{0, "0 B"},
		{1023, "1023 B"},
		{1024, "1.0 KiB"},
		{1536, "1.5 KiB"},
		{100 * KIB, "100 KiB"},
		{MIB - 1, "1.0 MiB"},
		{MIB, "1.0 MiB"},
		{(uint64_t)(1.4 * GIB), "1.4 GiB"},
		{UINT64_MAX, "16.0 EiB"},
	};
	char text[32];

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++)
		assert_string_equal(size_format(cases[i].bytes, text, sizeof(text)), cases[i].text);
}

static void rounding(void **state)
{
	(void)state;
	assert_int_equal(round_up(0, 512), 0);
	assert_int_equal(round_up(1, 512), 512);
	assert_int_equal(round_up(512, 512), 512);
	assert_int_equal(divide_up(0, 4), 0);
	assert_int_equal(divide_up(9, 4), 3);
	assert_true(divide_up(UINT64_MAX, 2) == UINT64_MAX / 2 + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes),
		cmocka_unit_test(durations),
		cmocka_unit_test(formats),
		cmocka_unit_test(rounding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
