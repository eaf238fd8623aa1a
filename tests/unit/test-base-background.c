/* Work in the background: its result, its error, its end, and the end of what it started. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/background.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/process.h"
#include "support/test.h"

static int succeed(void *context, struct error *err)
{
	char niceness[16];

	snprintf(niceness, sizeof(niceness), "%d", getpriority(PRIO_PROCESS, 0));
	return file_write_text(AT_FDCWD, context, niceness, 0644, err);
}

static int refuse(void *context, struct error *err)
{
	return error_set(err, STATUS_ARCHIVE, "%s", (const char *)context);
}

static int die(void *context, struct error *err)
{
	(void)context;
	(void)err;
	return kill(getpid(), SIGKILL);
}

/* Starts a program, leaves a pipe's end open in both, and never ends by itself. */
static int linger(void *context, struct error *err)
{
	const int *pipe = context;
	const char *const arguments[] = {"sleep", "600", NULL};
	const struct process process = {.arguments = arguments, .pass_fds = {pipe[1]}};

	if (write(pipe[1], "", 1) != 1)
		return error_set(err, STATUS_FAILED, "writing");
	return process_run(&process, err);
}

static void a_result_comes_back(void **state)
{
	struct background background;
	cleanup_buffer struct buffer content = {0};
	struct error err = {0};

	(void)state;
	assert_ok(background_start(succeed, (char[]){"here"}, &background, &err), &err);
	assert_ok(background_finish(&background, &err), &err);
	assert_int_equal(background.pid, 0);
	assert_ok(file_read(AT_FDCWD, "here", 100, &content, &err), &err);
	assert_true(strtol(content.data, NULL, 10) > getpriority(PRIO_PROCESS, 0));
	background_end(&background); /* nothing */
}

static void an_error_comes_back(void **state)
{
	cleanup_free char *text = xmalloc(100 * 1000);
	struct background background;
	struct error err = {0};

	(void)state;
	memset(text, 'x', 20 * 1000); /* more than one read */
	text[20 * 1000] = '\0';
	assert_ok(background_start(refuse, text, &background, &err), &err);
	assert_fails(background_finish(&background, &err), &err, STATUS_ARCHIVE, text);
	assert_ok(background_start(die, NULL, &background, &err), &err);
	assert_fails(background_finish(&background, &err), &err, STATUS_FAILED, "SIGKILL");
}

static void start_lingering(int pipe_ends[2], struct background *background)
{
	struct error err = {0};
	char byte;

	assert_int_equal(pipe2(pipe_ends, O_CLOEXEC), 0);
	assert_ok(background_start(linger, pipe_ends, background, &err), &err);
	close(pipe_ends[1]);
	assert_int_equal(read(pipe_ends[0], &byte, 1), 1);
}

/* The pipe's other end is closed when neither the child nor its program is there any more. */
static void assert_all_gone(const int pipe_ends[2])
{
	char byte;

	alarm(20);
	assert_int_equal(read(pipe_ends[0], &byte, 1), 0);
	alarm(0);
	close(pipe_ends[0]);
	assert_int_equal(waitpid(-1, NULL, 0), -1);
}

static void it_is_ended_with_what_it_started(void **state)
{
	struct background background;
	int pipe_ends[2];

	(void)state;
	start_lingering(pipe_ends, &background);
	background_end(&background);
	assert_int_equal(background.pid, 0);
	assert_all_gone(pipe_ends);
}

static int give_up(void *context, struct error *err)
{
	struct background *background = context;

	interrupt_install();
	raise(SIGINT);
	return background_finish(background, err);
}

static void an_interrupt_ends_it(void **state)
{
	int pipe_ends[2], status;

	(void)state;
	/* In a process of its own, which stays interrupted. */
	pid_t pid = fork();
	if (!pid) {
		struct background background;
		struct error err = {0};
		start_lingering(pipe_ends, &background);
		assert_fails(give_up(&background, &err), &err, STATUS_INTERRUPTED, "interrupted");
		assert_all_gone(pipe_ends);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void it_dies_with_its_parent(void **state)
{
	int pipe_ends[2], status;

	(void)state;
	assert_int_equal(pipe2(pipe_ends, O_CLOEXEC), 0);
	pid_t pid = fork();
	if (!pid) {
		struct background background;
		struct error err = {0};
		if (background_start(linger, pipe_ends, &background, &err))
			_exit(1);
		pause();
	}
	char byte;
	close(pipe_ends[1]);
	assert_int_equal(read(pipe_ends[0], &byte, 1), 1);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_all_gone(pipe_ends);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_result_comes_back),
		cmocka_unit_test(an_error_comes_back),
		cmocka_unit_test(it_is_ended_with_what_it_started),
		cmocka_unit_test(an_interrupt_ends_it),
		cmocka_unit_test(it_dies_with_its_parent),
	};

	return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
