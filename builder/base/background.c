#include "background.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "interrupt.h"
#include "process.h"
#include "report.h"

enum { NICENESS = 5, POLL_MILLISECONDS = 100 };

/* The child's whole life. Never returns. */
static void child(
	int (*body)(void *context, struct error *err), void *context, int report, pid_t parent)
{
	struct error error = {0};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(STATUS_INTERRUPTED);
	setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + NICENESS);
	if (!body(context, &error))
		_exit(0);
	report_write(report, &error);
	_exit(error.status);
}

int background_start(int (*body)(void *context, struct error *err), void *context,
	struct background *ret_background, struct error *err)
{
	pid_t parent = getpid();
	int report[2];

	if (pipe2(report, O_CLOEXEC))
		return error_errno(err, errno, "making a pipe");
	pid_t pid = fork();
	if (!pid)
		child(body, context, report[1], parent);
	close(report[1]);
	if (pid < 0) {
		error_errno(err, errno, "starting a process");
		close(report[0]);
		return -1;
	}
	*ret_background = (struct background){pid, report[0]};
	return 0;
}

/* Takes what it says until it has ended; nothing but its end closes the pipe. */
static int listen_to(const struct background *background, struct buffer *said, struct error *err)
{
	struct pollfd pipe = {background->report, POLLIN, 0};
	char block[4096];
	ssize_t length = 1;

	while (length) {
		if (interrupt_check(err))
			return -1;
		if (poll(&pipe, 1, POLL_MILLISECONDS) <= 0)
			continue;
		length = read(background->report, block, sizeof(block));
		if (length > 0)
			buffer_append(said, block, length);
	}
	return 0;
}

int background_finish(struct background *background, struct error *err)
{
	cleanup_buffer struct buffer said = {0};
	int status;

	if (listen_to(background, &said, err)) {
		background_end(background);
		return -1;
	}
	while (waitpid(background->pid, &status, 0) < 0)
		if (errno != EINTR)
			return error_errno(err, errno, "waiting for a process");
	close(background->report);
	background->pid = 0;
	return report_conclude("a process of the build", status, &said, err);
}

void background_end(struct background *background)
{
	if (!background->pid)
		return;
	process_end(background->pid);
	close(background->report);
	background->pid = 0;
}
