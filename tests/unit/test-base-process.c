/* Programs: what comes out of them, how they fail, what they inherit, and that they end. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/process.h"
#include "support/test.h"

#define shell(script) ((const char *const[]){"sh", "-c", script, NULL})

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

/* Whether the process runs; a zombie that nobody has reaped yet does not. */
static bool alive(const char *pid_file)
{
	cleanup_buffer struct buffer pid = {0};
	cleanup_free char *path = NULL;
	struct error err = {0};

	assert_ok(file_read(AT_FDCWD, pid_file, 32, &pid, &err), &err);
	assert_true(strtol(pid.data, NULL, 10) > 1);
	path = xasprintf("/proc/%ld/stat", strtol(pid.data, NULL, 10));
	for (unsigned i = 0; i < 100; i++) { /* a killed one may need a moment to go */
		cleanup_buffer struct buffer stat = {0};
		if (file_read(AT_FDCWD, path, 4096, &stat, &err)) {
			error_release(&err);
			return false;
		}
		if (strstr(stat.data, ") Z "))
			return false;
		nanosleep(&(struct timespec){.tv_nsec = 10 * 1000 * 1000}, NULL);
	}
	return true;
}

static void succeeds_and_collects(void **state)
{
	cleanup_buffer struct buffer output = {0};
	struct error err = {0};
	struct process process = {.arguments = shell("echo out; echo noise >&2; cat")};

	(void)state;
	assert_ok(process_run(&process, &err), &err);
	assert_ok(process_capture(&process, &output, &err), &err);
	assert_string_equal(output.data, "out\n");
	buffer_release(&output);
	process.arguments = (const char *const[]){"true", NULL};
	assert_ok(process_capture(&process, &output, &err), &err);
	assert_string_equal(output.data, "");
}

static void failures_say_why(void **state)
{
	static const struct {
		const char *script, *message;
	} cases[] = {
		{"exit 3", "sh: exit status 3"},
		{"echo one; echo two >&2; exit 1", "sh: exit status 1\n    one\n    two"},
		{"kill -KILL $$", "sh: killed by SIGKILL"},
		{"kill -SEGV $$", "sh: killed by SIGSEGV"},
		{"printf 'no newline'; exit 1", "sh: exit status 1\n    no newline"},
	};
	struct error err = {0};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		struct process process = {
			.arguments = shell(cases[i].script), .failure = STATUS_SCRIPT};
		assert_int_equal(process_run(&process, &err), -1);
		assert_string_equal(err.message, cases[i].message);
		assert_int_equal(err.status, STATUS_SCRIPT);
		error_release(&err);
	}
	struct process missing = {.arguments = (const char *const[]){"no-such-program", NULL}};
	assert_fails(process_run(&missing, &err), &err, STATUS_MISSING,
		"no-such-program: program not found");
	struct process no_file = {.arguments = (const char *const[]){"./nothing-here", NULL}};
	assert_fails(process_run(&no_file, &err), &err, STATUS_FAILED, "No such file");
	struct process nowhere = {.arguments = shell("true"), .directory = "no/such/directory"};
	assert_fails(
		process_run(&nowhere, &err), &err, STATUS_FAILED, "no/such/directory: No such");
}

static void only_the_last_lines_are_told(void **state)
{
	struct process process = {.arguments = shell("seq 100000; exit 1")};
	struct error err = {0};

	(void)state;
	assert_int_equal(process_run(&process, &err), -1);
	assert_true(text_starts(err.message, "sh: exit status 1\n    99989\n    99990\n"));
	assert_true(text_ends(err.message, "\n    100000"));
	error_release(&err);
}

static void much_output_on_both_streams_does_not_block(void **state)
{
	cleanup_buffer struct buffer output = {0};
	struct error err = {0};
	struct process process = {
		.arguments = shell("seq 200000 >&2 & seq 200000; wait"), .log = "both.log"};
	cleanup_buffer struct buffer log = {0};

	(void)state;
	assert_ok(process_capture(&process, &output, &err), &err);
	assert_int_equal(output.length, 1288895);
	assert_ok(file_read(AT_FDCWD, "both.log", 1 << 24, &log, &err), &err);
	assert_int_equal(log.length, 2 * 1288895);
}

static void environment_is_exactly_what_is_given(void **state)
{
	cleanup_buffer struct buffer output = {0};
	struct error err = {0};
	struct process process = {.arguments = (const char *const[]){"/usr/bin/env", NULL},
		.environment = (const char *const[]){"ONE=1", "TWO=a b", NULL}};

	(void)state;
	setenv("LEAK", "yes", 1);
	assert_ok(process_capture(&process, &output, &err), &err);
	assert_string_equal(output.data, "ONE=1\nTWO=a b\n");
	process.environment = NULL;
	buffer_release(&output);
	assert_ok(process_capture(&process, &output, &err), &err);
	assert_non_null(strstr(output.data, "LEAK=yes\n"));
	unsetenv("LEAK");
}

static void descriptors_stay_behind(void **state)
{
	cleanup_buffer struct buffer output = {0};
	struct error err = {0};
	cleanup_fd int leaking = open("/dev/null", O_RDONLY);
	int passed = fcntl(leaking, F_DUPFD, 20);
	struct process process = {
		.arguments = shell("ls /proc/self/fd | sort -n | xargs"), .pass_fds = {passed}};
	cleanup_free char *expected = xasprintf("0 1 2 3 %d\n", passed); /* 3: of ls itself */

	(void)state;
	assert_ok(process_capture(&process, &output, &err), &err);
	assert_string_equal(output.data, expected);
	close(passed);
}

static void signals_are_as_at_login(void **state)
{
	cleanup_buffer struct buffer output = {0};
	struct error err = {0};
	struct process process = {.arguments = shell("grep -E 'Sig(Blk|Ign)' /proc/self/status")};
	sigset_t all, before;
	unsigned long long blocked = 1, ignored = 1;

	(void)state;
	interrupt_install();
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	int result = process_capture(&process, &output, &err);
	sigprocmask(SIG_SETMASK, &before, NULL);
	assert_ok(result, &err);
	assert_int_equal(sscanf(output.data, "SigBlk: %llx SigIgn: %llx", &blocked, &ignored), 2);
	assert_int_equal(blocked, 0);
	assert_int_equal(ignored & ~(3ull << 31), 0); /* but for libc's own: 32 and 33 */
}

static void time_out_ends_the_whole_group(void **state)
{
	struct error err = {0};
	/* It ignores SIGTERM and has a child; both must go. */
	struct process process = {
		.arguments =
			shell("trap '' TERM; sleep 60 & echo $! >child; echo begun; wait; wait"),
		.timeout = 300,
		.failure = STATUS_SCRIPT};
	double begun = now();

	(void)state;
	assert_fails(process_run(&process, &err), &err, STATUS_SCRIPT,
		"sh: still running after 0.3 s, ended");
	assert_true(now() - begun < 10);
	assert_false(alive("child"));
}

static void time_out_counts_with_closed_pipes_too(void **state)
{
	struct error err = {0};
	struct process process = {.arguments = shell("exec >&- 2>&-; sleep 60"), .timeout = 300};
	double begun = now();

	(void)state;
	assert_fails(process_run(&process, &err), &err, STATUS_FAILED, "still running");
	assert_true(now() - begun < 10);
}

static void what_a_child_leaves_behind_is_not_waited_for(void **state)
{
	cleanup_buffer struct buffer output = {0};
	struct error err = {0};
	struct process process = {
		.arguments = shell("echo here; setsid sleep 60 & echo $! >daemon"),
		.timeout = 20000};
	double begun = now();

	(void)state;
	assert_ok(process_capture(&process, &output, &err), &err);
	assert_string_equal(output.data, "here\n");
	assert_true(now() - begun < 10);
	cleanup_buffer struct buffer pid = {0};
	assert_ok(file_read(AT_FDCWD, "daemon", 32, &pid, &err), &err);
	assert_int_equal(kill((pid_t)strtol(pid.data, NULL, 10), SIGKILL), 0);
}

static void background_children_are_ended(void **state)
{
	struct error err = {0};
	struct process process = {.arguments = shell("echo $$ >background; sleep 60; true")};
	cleanup_fd int output = open("background.log", O_WRONLY | O_CREAT, 0644);

	(void)state;
	{
		cleanup_process pid_t pid = 0;
		assert_ok(process_start(&process, output, &pid, &err), &err);
		for (unsigned i = 0; i < 500 && !file_exists(AT_FDCWD, "background"); i++)
			nanosleep(&(struct timespec){.tv_nsec = 10 * 1000 * 1000}, NULL);
		assert_int_equal(kill(pid, 0), 0);
	}
	assert_false(alive("background"));
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no zombie either */
	assert_int_equal(process_end(INT_MAX), -1);
}

static int tell_and_refuse(void *context)
{
	dprintf(2, "%s\n", (const char *)context);
	return -1;
}

static void prepare_can_refuse(void **state)
{
	struct error err = {0};
	struct process process = {.arguments = shell("touch ran"),
		.prepare = tell_and_refuse,
		.context = (char[]){"not today"}};

	(void)state;
	assert_fails(process_run(&process, &err), &err, STATUS_FAILED, "not today");
	assert_false(file_exists(AT_FDCWD, "ran"));
}

/* The last test: the interrupt cannot be taken back. */
static void interrupt_ends_the_child(void **state)
{
	struct error err = {0};
	struct process process = {
		.arguments = shell("echo $$ >interrupted; kill -INT $PPID; sleep 60; true")};
	double begun = now();

	(void)state;
	interrupt_install();
	assert_fails(process_run(&process, &err), &err, STATUS_INTERRUPTED, "interrupted by");
	assert_true(now() - begun < 10);
	assert_false(alive("interrupted"));
	assert_int_equal(interrupt_signal(), SIGINT);
	assert_fails(process_run(&process, &err), &err, STATUS_INTERRUPTED, "interrupted by");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(succeeds_and_collects),
		cmocka_unit_test(failures_say_why),
		cmocka_unit_test(only_the_last_lines_are_told),
		cmocka_unit_test(much_output_on_both_streams_does_not_block),
		cmocka_unit_test(environment_is_exactly_what_is_given),
		cmocka_unit_test(descriptors_stay_behind),
		cmocka_unit_test(signals_are_as_at_login),
		cmocka_unit_test(time_out_ends_the_whole_group),
		cmocka_unit_test(time_out_counts_with_closed_pipes_too),
		cmocka_unit_test(what_a_child_leaves_behind_is_not_waited_for),
		cmocka_unit_test(background_children_are_ended),
		cmocka_unit_test(prepare_can_refuse),
		cmocka_unit_test(interrupt_ends_the_child),
	};

	return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
