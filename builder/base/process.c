#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "file.h"
#include "interrupt.h"

enum { TAIL_BYTES = 4096, TAIL_LINES = 12, CAPTURE_LIMIT = 64 * 1024 * 1024 };

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000ull + time.tv_nsec / 1000000;
}

char *process_explain(int wait_status)
{
	if (WIFSIGNALED(wait_status))
		return xasprintf("killed by SIG%s", sigabbrev_np(WTERMSIG(wait_status)));
	return xasprintf("exit status %d", WEXITSTATUS(wait_status));
}

/* The child's side: from fork to exec. Never returns. */
static void child(
	const struct process *process, const char *program, int output, int errors, pid_t parent)
{
	interrupt_reset();
	if (process->terminal) {
		setsid();
		ioctl(output, TIOCSCTTY, 0);
	} else {
		setpgid(0, 0);
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	int input = process->terminal ? output : open("/dev/null", O_RDONLY);
	dup2(input, 0);
	dup2(output, 1);
	dup2(errors, 2);
	close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
	for (size_t i = 0; i < array_count(process->pass_fds); i++)
		if (process->pass_fds[i] > 2)
			fcntl(process->pass_fds[i], F_SETFD, 0);
	if (process->directory && chdir(process->directory)) {
		dprintf(2, "%s: %s\n", process->directory, strerror(errno));
		_exit(127);
	}
	if (process->prepare && process->prepare(process->context))
		_exit(127);
	execve(program, (char *const *)process->arguments,
		process->environment ? (char *const *)process->environment : environ);
	dprintf(2, "%s: %s\n", program, strerror(errno));
	_exit(127);
}

static int spawn(
	const struct process *process, int output, int errors, pid_t *ret_pid, struct error *err)
{
	const char *name = process->arguments[0];
	cleanup_free char *program = strchr(name, '/') ? xstrdup(name) : program_find(name);

	if (!program)
		return error_set(err, STATUS_MISSING,
			"%s: program not found; `jeos doctor` names the package", name);
	pid_t parent = getpid();
	pid_t pid = fork();
	if (pid < 0)
		return error_errno(err, errno, "%s: starting", name);
	if (!pid)
		child(process, program, output, errors, parent);
	if (!process->terminal)
		setpgid(pid, pid); /* whoever of the two comes first */
	*ret_pid = pid;
	return 0;
}

int process_start(const struct process *process, int output_fd, pid_t *ret_pid, struct error *err)
{
	return spawn(process, output_fd, output_fd, ret_pid, err);
}

/* To the child and what it started; a child forked by others may lead no group. */
static void signal_group(pid_t pid, int number)
{
	if (kill(-pid, number))
		kill(pid, number);
}

int process_end(pid_t pid)
{
	siginfo_t ended = {0};
	struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
	int status;

	signal_group(pid, SIGTERM);
	for (unsigned i = 0; i < 200 && !ended.si_pid; i++) {
		if (i)
			nanosleep(&pause, NULL);
		if (waitid(P_PID, pid, &ended, WEXITED | WNOHANG | WNOWAIT) && errno != EINTR)
			return -1;
	}
	signal_group(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return status;
}

/* What has come out of a running child, and how its pipes stand. */
struct collection {
	const struct process *process;
	struct buffer *stdout_to; /* NULL: both streams go to the tail */
	struct buffer tail;
	int log;
};

/* Keeps the end of the output only: enough for an error message. */
static void keep_tail(struct buffer *tail, const char *data, size_t length)
{
	buffer_append(tail, data, length);
	if (tail->length <= 2 * TAIL_BYTES)
		return;
	memmove(tail->data, tail->data + tail->length - TAIL_BYTES, TAIL_BYTES + 1);
	tail->length = TAIL_BYTES;
}

/* Takes what one pipe has; false when it has ended. */
static bool drain(struct collection *collection, int fd, bool is_output)
{
	char block[16384];
	ssize_t length = read(fd, block, sizeof(block));

	if (length < 0)
		return errno == EINTR || errno == EAGAIN;
	if (!length)
		return false;
	if (collection->log >= 0 && write(collection->log, block, length) < 0)
		collection->log = -1;
	if (collection->process->output)
		collection->process->output(collection->process->context, block, length);
	if (!is_output || !collection->stdout_to)
		keep_tail(&collection->tail, block, length);
	else if (collection->stdout_to->length < CAPTURE_LIMIT)
		buffer_append(collection->stdout_to, block, length);
	return true;
}

/*
 * Takes what comes out until the child has exited: an end of its pipes says nothing, since a child
 * may close them early, and what it left running may hold them open. -1 with the error on a
 * time-out or an interrupt.
 */
static int collect(
	struct collection *collection, int output, int errors, int child_exit, struct error *err)
{
	uint64_t timeout = collection->process->timeout, start = now();
	struct pollfd watched[] = {
		{output, POLLIN, 0}, {errors, POLLIN, 0}, {child_exit, POLLIN, 0}};
	bool exited = false;

	for (;;) {
		uint64_t passed = now() - start;
		if (interrupt_check(err))
			return -1;
		if (timeout && passed >= timeout)
			return error_set(err,
				collection->process->failure ? collection->process->failure
							     : STATUS_FAILED,
				"still running after %g s, ended", timeout / 1000.0);
		int wait = timeout && timeout - passed < 500 ? (int)(timeout - passed) : 500;
		int ready = poll(watched, array_count(watched), exited ? 0 : wait);
		if (!ready && exited)
			return 0;
		for (unsigned i = 0; ready > 0 && i < 2; i++)
			if (watched[i].revents && !drain(collection, watched[i].fd, i == 0))
				watched[i].fd = -1;
		if (ready > 0 && watched[2].revents) {
			exited = true;
			watched[2].fd = -1;
		}
	}
}

static const char *name_of(const struct process *process)
{
	return process->name ? process->name : process->arguments[0];
}

static int run(const struct process *process, struct buffer *stdout_to, struct error *err)
{
	int out[2], errors[2];
	cleanup_process pid_t pid = 0;
	cleanup_fd int log =
		process->log ? open(process->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)
			     : -1;
	struct collection collection = {process, stdout_to, {0}, log};

	if (pipe2(out, O_CLOEXEC))
		return error_errno(err, errno, "making a pipe");
	if (pipe2(errors, O_CLOEXEC)) {
		close(out[0]);
		close(out[1]);
		return error_errno(err, errno, "making a pipe");
	}
	int result = spawn(process, out[1], stdout_to ? errors[1] : out[1], &pid, err);
	close(out[1]);
	close(errors[1]);
	cleanup_fd int child_exit = result ? -1 : pidfd_open(pid, 0);
	if (!result && child_exit < 0)
		result = error_errno(err, errno, "watching the child");
	if (!result)
		result = collect(&collection, out[0], errors[0], child_exit, err);
	close(out[0]);
	close(errors[0]);
	cleanup_free char *lines =
		text_tail(collection.tail.data, collection.tail.length, TAIL_LINES);
	buffer_release(&collection.tail);
	if (result)
		return pid ? error_wrap(err, "%s", name_of(process)) : -1;

	int status;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return error_errno(err, errno, "%s: waiting", name_of(process));
	pid = 0;
	if (stdout_to && stdout_to->length >= CAPTURE_LIMIT)
		return error_set(err, STATUS_FAILED, "%s: too much output", name_of(process));
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return 0;
	if (interrupt_check(err)) /* the terminal tells the child too, and it may be faster */
		return error_wrap(err, "%s", name_of(process));
	cleanup_free char *why = process_explain(status);
	return error_set(err, process->failure ? process->failure : STATUS_FAILED, "%s: %s%s",
		name_of(process), why, lines);
}

int process_run(const struct process *process, struct error *err)
{
	return run(process, NULL, err);
}

int process_capture(const struct process *process, struct buffer *ret_output, struct error *err)
{
	cleanup_buffer struct buffer output = {0};

	buffer_append(&output, "", 0);
	if (run(process, &output, err))
		return -1;
	*ret_output = output;
	output = (struct buffer){0};
	return 0;
}
