/* Entering a mode: errors come back, interrupts arrive, nothing stays behind. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "sandbox/identity.h"
#include "support/guest.h"
#include "support/test.h"

/* The mode that the caller would build in. */
static enum sandbox_mode usual_mode(void)
{
	const enum sandbox_mode *modes;

	guest_modes(&modes);
	return modes[0];
}

static int refuse(void *context, struct error *err)
{
	return error_set(err, STATUS_ARCHIVE, "%s", (const char *)context);
}

static int mount_here(void *context, struct error *err)
{
	(void)context;
	umask(077);
	if (geteuid() || mount("none", "guest/tmp", "tmpfs", 0, NULL))
		return error_set(err, STATUS_FAILED, "cannot mount");
	return file_write_text(AT_FDCWD, "guest/tmp/hidden", "", 0644, err);
}

static int kill_self(void *context, struct error *err)
{
	(void)context, (void)err;
	return raise(SIGKILL);
}

static void detection_finds_the_usual_mode(void **state)
{
	struct error err = {0};
	enum sandbox_mode mode;

	(void)state;
	assert_ok(sandbox_detect(&mode, &err), &err);
	assert_int_equal(mode, usual_mode());
}

static void errors_come_back(void **state)
{
	struct error err = {0};
	char text[40000];

	(void)state;
	assert_fails(sandbox_enter(usual_mode(), refuse, (void *)"why: because", &err), &err,
		STATUS_ARCHIVE, "why: because");
	assert_fails(sandbox_enter(usual_mode(), kill_self, NULL, &err), &err, STATUS_FAILED,
		"killed by SIGKILL");
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_fails(sandbox_enter(usual_mode(), refuse, text, &err), &err, STATUS_ARCHIVE, "xxxx");
}

static void mounts_stay_inside(void **state)
{
	struct error err = {0};
	cleanup_free char *before = host_mounts();

	(void)state;
	assert_ok(sandbox_enter(usual_mode(), mount_here, NULL, &err), &err);
	cleanup_free char *after = host_mounts();
	assert_string_equal(before, after);
	assert_false(file_exists(AT_FDCWD, "guest/tmp/hidden"));
}

/* Leaves a process that has left its session and whose parent is gone. */
static int leave_daemon(void *context, struct error *err)
{
	const struct process process = {
		.arguments = (const char *const[]){"setsid", "-f", "sh", "-c",
			"exec >/dev/null 2>&1; " LEAVE_TOUCHING(
				"dev/null") " while :; do echo >guest/daemon; sleep 0.02; done",
			NULL}};

	(void)context;
	return process_run(&process, err);
}

static void daemons_are_swept(void **state)
{
	struct error err = {0};

	(void)state;
	assert_ok(sandbox_enter(usual_mode(), leave_daemon, NULL, &err), &err);
	assert_false(guest_touches("daemon"));
}

/* A build that takes long, in a process of its own. */
static pid_t start_long_build(void)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	struct error err = {0};
	interrupt_install();
	guest_shell(usual_mode(), LEAVE_TOUCHING("alive") " sleep 100", &err);
	_exit(err.status == STATUS_INTERRUPTED ? 42 : 1);
}

static void wait_until_it_runs(void)
{
	const struct timespec moment = {.tv_nsec = 20 * 1000 * 1000};

	for (unsigned i = 0; i < 500 && !file_exists(AT_FDCWD, "guest/alive"); i++)
		nanosleep(&moment, NULL);
	assert_true(file_exists(AT_FDCWD, "guest/alive"));
}

static void an_interrupt_ends_everything(void **state)
{
	int status;
	pid_t pid = start_long_build();

	(void)state;
	wait_until_it_runs();
	assert_int_equal(kill(pid, SIGTERM), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 42);
	assert_false(guest_touches("alive"));
}

/* Here nobody is left to wait for the end of it. */
static void a_killed_build_leaves_nothing_running(void **state)
{
	pid_t pid = start_long_build();

	(void)state;
	wait_until_it_runs();
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	for (unsigned i = 0; i < 20 && guest_touches("alive"); i++)
		;
	assert_false(guest_touches("alive"));
}

static void subordinate_ids_are_read(void **state)
{
	static const char text[] =
		"# comment\n"
		"alice:100000:65536\nbob:165536:65536\n\n1000:300000:10\n"
		"alice:x:1\nalice:5\nalice:7:0\nalice:4294967295:2\nalice:1:2:3\n"
		"alice:400000:5";
	struct id_ranges ranges = {0};

	(void)state;
	id_ranges_parse(text, "alice", 1000, &ranges);
	assert_int_equal(ranges.count, 3);
	assert_int_equal(ranges.items[0].start, 100000);
	assert_int_equal(ranges.items[0].count, 65536);
	assert_int_equal(ranges.items[1].start, 300000);
	assert_int_equal(ranges.items[2].start, 400000);
	vector_release(&ranges);
	id_ranges_parse(text, NULL, 2000, &ranges);
	assert_int_equal(ranges.count, 0);
}

static int setup(void **state)
{
	if (enter_scratch(state))
		return -1;
	guest_make();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(detection_finds_the_usual_mode),
		cmocka_unit_test(errors_come_back),
		cmocka_unit_test(mounts_stay_inside),
		cmocka_unit_test(daemons_are_swept),
		cmocka_unit_test(an_interrupt_ends_everything),
		cmocka_unit_test(a_killed_build_leaves_nothing_running),
		cmocka_unit_test(subordinate_ids_are_read),
	};

	return cmocka_run_group_tests(tests, setup, leave_scratch);
}
