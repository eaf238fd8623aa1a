/* Where a boot's time went: clocks that agree, clocks that do not, and systemd's own words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "boot/analysis.h"
#include "boot/machine-qemu.h"
#include "boot/timing.h"

static void the_parts_add_up(void **state)
{
	struct boot_timing timing = {.total = 10000, .processor = 7};

	(void)state;
	timing_divide(&timing, 8500, 2500);
	assert_int_equal(timing.firmware, 1500);
	assert_int_equal(timing.kernel, 2500);
	assert_int_equal(timing.userspace, 6000);
	assert_int_equal(timing.total, 10000);
	assert_int_equal(timing.processor, 7);
}

static void what_contradicts_is_not_divided(void **state)
{
	static const uint64_t cases[][2] = {{8500, 0}, {2500, 8500}, {10001, 2500}, {0, 0}};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		struct boot_timing timing = {.total = 10000};
		timing_divide(&timing, cases[i][0], cases[i][1]);
		assert_int_equal(timing.firmware + timing.kernel + timing.userspace, 0);
		assert_int_equal(timing.total, 10000);
	}
}

static void blame_is_understood(void **state)
{
	static const struct {
		const char *line, *name;
		uint64_t milliseconds;
	} cases[] = {
		{"1min 2.345s ssh.service", "ssh.service", 62345},
		{"      835ms modprobe@drm.service", "modprobe@drm.service", 835},
		{"     1.502s -.mount", "-.mount", 1502},
		{"      900us a\\x20b.service", "a\\x20b.service", 1},
		{"1h 1min 1s x", "x", 3661000},
	};
	static const char *const noise[] = {"", " ", "ssh.service", "1.5 ssh.service",
		"s ssh.service", "five s ssh.service", "1s "};
	const char *name;
	uint64_t milliseconds;

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		assert_true(analysis_parse_blame(cases[i].line, &name, &milliseconds));
		assert_string_equal(name, cases[i].name);
		assert_int_equal(milliseconds, cases[i].milliseconds);
	}
	for (size_t i = 0; i < array_count(noise); i++)
		assert_false(analysis_parse_blame(noise[i], &name, &milliseconds));
}

static void processor_time_is_read(void **state)
{
	uint64_t tick = 1000 / sysconf(_SC_CLK_TCK);

	(void)state;
	assert_int_equal(stat_processor_time("42 (qemu) 1 (x)) S 1 42 42 0 -1 4194560 3496 18371 "
					     "181 140 561 484 251 242 20 0 1 0 47"),
		(561 + 484) * tick);
	assert_int_equal(stat_processor_time("42 (qemu) S 1 42"), 0);
	assert_int_equal(stat_processor_time(""), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_parts_add_up),
		cmocka_unit_test(what_contradicts_is_not_divided),
		cmocka_unit_test(blame_is_understood),
		cmocka_unit_test(processor_time_is_read),
	};

	return cmocka_run_group_tests_name("boot timing", tests, NULL, NULL);
}
