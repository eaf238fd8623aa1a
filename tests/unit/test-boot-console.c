/* The console of a guest: plain text out of what terminals get, and the kernel's last words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "boot/console.h"

static struct console console_of(const char *text)
{
	struct console console = {0};

	/* Byte by byte: a guest's output comes in any pieces. */
	for (; *text; text++)
		console_feed(&console, text, 1);
	return console;
}

static void escapes_and_controls_vanish(void **state)
{
	struct console console = console_of("\033[2J\033[01;01H\033cGNU \033[1;32mGRUB\033[0m\r\n"
					    "a\a\bb\tl\xc3\xb6\n\033[?25hon");

	(void)state;
	assert_string_equal(console.text.data, "GNU GRUB\nab\tl\xc3\xb6\non");
	console_release(&console);
}

static void phases_only_go_forward(void **state)
{
	static const struct {
		const char *text;
		enum boot_phase phase;
	} steps[] = {
		{"SeaBIOS (version 1.16)\n", PHASE_FIRMWARE},
		{"GRUB loading.\n", PHASE_LOADER},
		{"[    0.000000] Command line: quiet\n", PHASE_KERNEL},
		{"[    1.000000] Run /init as init process\n", PHASE_USERSPACE},
		{"[    9.000000] Linux version 6.1\n", PHASE_USERSPACE},
	};
	struct console console = {0};

	(void)state;
	for (size_t i = 0; i < array_count(steps); i++) {
		console_feed(&console, steps[i].text, strlen(steps[i].text));
		assert_int_equal(console.phase, steps[i].phase);
	}
	console_release(&console);
}

static void a_quiet_guest_tells_by_its_end_that_it_was_up(void **state)
{
	static const char before[] =
		"Booting from ROM...\n[    2.963942] hpet: Lost 1 RTC interrupts\n";
	static const char end[] = "[    9.291295] reboot: Power down\n";
	struct console console = {0};

	(void)state;
	console_feed(&console, before, strlen(before));
	assert_int_equal(console.phase, PHASE_KERNEL);
	console_feed(&console, end, strlen(end));
	assert_int_equal(console.phase, PHASE_USERSPACE);
	console_release(&console);
}

static void faults_are_seen_where_the_kernel_says_them(void **state)
{
	static const struct {
		const char *text;
		bool panic, oops;
	} cases[] = {
		{"[    3.140000] Kernel panic - not syncing: VFS: Unable to mount root\r\n", true,
			false},
		{"[    3.140000][    T1] Kernel panic\n", false, false},
		{"Kernel panic - not syncing: no time stamp\n", true, false},
		{"[   12.500000] BUG: kernel NULL pointer dereference, address: 0\n", false, true},
		{"[   12.500000] Oops: 0002 [#1] PREEMPT SMP NOPTI\n", false, true},
		{"[   12.500000] watchdog: BUG: soft lockup - CPU#0 stuck for 22s!\n", false,
			false},
		{"app[7]: DEBUG: Oops: not the kernel\n", false, false},
		{"[  OK  ] BUG: of a unit's name\n", false, false},
		{"Booting from ROM..[    3.140000] Kernel panic - not syncing: x\n", true, false},
		{"[    3.140000][    T1] BUG: with its caller\n", false, true},
		{"[   12.500000] BUG: line not yet complete", false, false},
	};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		struct console console = console_of(cases[i].text);
		assert_int_equal(console.panic != NULL, cases[i].panic);
		assert_int_equal(console.oops != NULL, cases[i].oops);
		console_release(&console);
	}
}

static void first_fault_is_kept(void **state)
{
	struct console console = console_of("[    1.000000] BUG: one\n[    2.000000] BUG: two\n");

	(void)state;
	assert_string_equal(console.oops, "BUG: one");
	console_release(&console);
}

static void tail_skips_blank_lines(void **state)
{
	struct console console = console_of("one\n\n  \ntwo\nthree\n\n");
	cleanup_free char *tail = console_tail(&console, 2), *all = console_tail(&console, 9);

	(void)state;
	assert_string_equal(tail, "\n    two\n    three");
	assert_string_equal(all, "\n    one\n    two\n    three");
	console_release(&console);
	cleanup_free char *none = console_tail(&console, 3);
	assert_string_equal(none, "");
}

static void panic_is_told_without_its_trace(void **state)
{
	struct console console =
		console_of("no root\n[    3.140000] Kernel panic - not syncing: y\n"
			   "[    3.150000] Call Trace:\n");
	cleanup_free char *tail = console_panic_tail(&console, 9);

	(void)state;
	assert_string_equal(
		tail, "\n    no root\n    [    3.140000] Kernel panic - not syncing: y");
	console_release(&console);
}

static void flood_is_bounded(void **state)
{
	struct console console = {0};
	static char block[1024 * 1024];

	(void)state;
	memset(block, 'x', sizeof(block));
	for (unsigned i = 0; i < 2 * CONSOLE_LIMIT / sizeof(block); i++)
		console_feed(&console, block, sizeof(block));
	assert_int_equal(console.text.length, CONSOLE_LIMIT);
	assert_true(console_contains(&console, "xxx"));
	assert_false(console_contains(&console, "y"));
	console_release(&console);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes_and_controls_vanish),
		cmocka_unit_test(phases_only_go_forward),
		cmocka_unit_test(a_quiet_guest_tells_by_its_end_that_it_was_up),
		cmocka_unit_test(faults_are_seen_where_the_kernel_says_them),
		cmocka_unit_test(first_fault_is_kept),
		cmocka_unit_test(tail_skips_blank_lines),
		cmocka_unit_test(panic_is_told_without_its_trace),
		cmocka_unit_test(flood_is_bounded),
	};

	return cmocka_run_group_tests_name("console", tests, NULL, NULL);
}
