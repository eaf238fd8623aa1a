/*
 * Three processes stand between jeos and the program. All are forks in the child of process_run():
 *
 *     monitor    in the host's process namespace; dies with jeos, and takes the others with it
 *       init     process 1 of a new one: mounts, reaps orphans, ends when the program ends, and
 *                with it the kernel ends everything else in there
 *         the program
 *
 * What goes wrong before the program runs comes back in a shared page.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/inside.h"
#include "sandbox/confine.h"
#include "sandbox/fresh.h"
#include "sandbox/guest.h"
#include "sandbox/sandbox.h"
#include "sandbox/sweep.h"

enum { DEFAULT_TIMEOUT = 60 * 60 * 1000 };

struct report {
	enum status status; /* of what kept the program from starting; STATUS_OK: it was started */
	char message[1024];
	bool ended;
	int wait_status; /* the program's, once it has ended */
};

struct run {
	const struct sandbox_run *asked;
	struct report *report; /* shared with the children */
};

static const char *const directories[] = {"usr/sbin", "usr/bin", "sbin", "bin"};

static const char *const fixed_environment[] = {
	"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8", "TERM=dumb",
	"DEBIAN_FRONTEND=noninteractive", "DEBCONF_NONINTERACTIVE_SEEN=true",
	"PERL_HASH_SEED=0", /* debconf writes its databases in the order of its hashes */
};

static int fail(struct report *report, struct error *err)
{
	report->status = err->status;
	snprintf(report->message, sizeof(report->message), "%s", err->message);
	error_release(err);
	return -1;
}

/* Ends the monitor as the program ended, so that process_run() sees the same. */
static void end_like(int status)
{
	sigset_t all;

	if (WIFEXITED(status))
		_exit(WEXITSTATUS(status));
	signal(WTERMSIG(status), SIG_DFL);
	sigfillset(&all);
	sigprocmask(SIG_UNBLOCK, &all, NULL);
	raise(WTERMSIG(status));
	_exit(128 + WTERMSIG(status));
}

/* Waits for init; when told to end, ends it and waits until all of its processes are gone. */
static void monitor(const struct report *report, pid_t init, const sigset_t *signals)
{
	int status;

	while (waitpid(init, &status, WNOHANG) != init)
		if (sigwaitinfo(signals, NULL) == SIGTERM)
			kill(init, SIGKILL);
	sweep();
	end_like(report->ended ? report->wait_status : status);
}

static int raise_loopback(struct error *err)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	cleanup_fd int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request))
		return error_errno(err, errno, "loopback network");
	return 0;
}

static int set_up_guest(const struct sandbox_run *asked, struct error *err)
{
	static const char host_name[] = "localhost";

	if (asked->mode != SANDBOX_CHROOT) {
		if (sethostname(host_name, strlen(host_name)))
			return error_errno(err, errno, "setting the sandbox's host name");
		if (!asked->network && raise_loopback(err))
			return -1;
	}
	return guest_enter(asked, err);
}

static void reap_until(pid_t program, struct report *report)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, 0)) != program)
		if (pid < 0 && errno != EINTR)
			_exit(127);
	report->wait_status = status;
	report->ended = true;
	_exit(0);
}

/* What the host ignores or blocks is nothing to the guest. */
static void reset_signals(void)
{
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Process 1 of the sandbox. Returns 0 in the program's process only. */
static int init(const struct run *run, int monitor_pipe)
{
	struct error error = {0};
	struct pollfd monitor_end = {monitor_pipe, 0, 0};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (poll(&monitor_end, 1, 0)) /* the monitor died before that */
		_exit(127);
	/* Its /proc/1 would show jeos's own environment. */
	prctl(PR_SET_DUMPABLE, 0);
	setsid();
	if (set_up_guest(run->asked, &error))
		_exit(fail(run->report, &error));
	pid_t program = fork();
	if (program < 0) {
		error_errno(&error, errno, "starting a process");
		_exit(fail(run->report, &error));
	}
	if (program)
		reap_until(program, run->report);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	reset_signals();
	return confine(run->asked->mode, &error) ? fail(run->report, &error) : 0;
}

static int make_namespaces(const struct sandbox_run *asked, struct error *err)
{
	int flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS;

	if (asked->mode == SANDBOX_CHROOT)
		return 0;
	if (unshare(flags | (asked->network ? 0 : CLONE_NEWNET)))
		return error_errno(err, errno, "making the sandbox's namespaces");
	return 0;
}

/* In the child of process_run(), which executes the program when this returns 0. */
static int prepare(void *context)
{
	const struct run *run = context;
	struct error error = {0};
	int lifeline[2];
	sigset_t signals;

	sweep_prepare();
	sigfillset(&signals);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigaddset(&signals, SIGTERM);
	if (make_namespaces(run->asked, &error))
		return fail(run->report, &error);
	if (pipe2(lifeline, O_CLOEXEC)) {
		error_errno(&error, errno, "making a pipe");
		return fail(run->report, &error);
	}
	pid_t pid = fork();
	if (pid < 0) {
		error_errno(&error, errno, "starting a process");
		return fail(run->report, &error);
	}
	if (pid)
		monitor(run->report, pid, &signals);
	close(lifeline[1]);
	return init(run, lifeline[0]);
}

static void forward_output(void *context, const char *data, size_t length)
{
	const struct run *run = context;

	if (run->asked->output)
		run->asked->output(run->asked->context, data, length);
}

/* The program's path in the guest; owned by the caller, NULL when there is none. */
static char *find_program(int root, const char *name)
{
	if (strchr(name, '/'))
		return xstrdup(name);
	for (size_t i = 0; i < array_count(directories); i++) {
		char *path = xasprintf("/%s/%s", directories[i], name);
		if (inside_exists(root, path + 1))
			return path;
		free(path);
	}
	return NULL;
}

static int run_program(const struct run *run, const char *program, struct error *err)
{
	const struct sandbox_run *asked = run->asked;
	struct words arguments = {0}, environment = {0};

	vector_push(&arguments, program);
	for (const char *const *word = asked->arguments + 1; *word; word++)
		vector_push(&arguments, *word);
	vector_push(&arguments, NULL);
	for (size_t i = 0; i < array_count(fixed_environment); i++)
		vector_push(&environment, fixed_environment[i]);
	for (const char *const *word = asked->environment; word && *word; word++)
		vector_push(&environment, *word);
	vector_push(&environment, NULL);
	struct process process = {
		.name = asked->name ? asked->name : asked->arguments[0],
		.arguments = arguments.items,
		.environment = environment.items,
		.log = asked->log,
		.timeout = asked->timeout ? asked->timeout : DEFAULT_TIMEOUT,
		.failure = STATUS_SCRIPT,
		.prepare = prepare,
		.output = forward_output,
		.context = (void *)run,
	};
	int result = process_run(&process, err);
	vector_release(&arguments);
	vector_release(&environment);
	if (result && run->report->status)
		return error_set(
			err, run->report->status, "%s: %s", process.name, run->report->message);
	return result;
}

int sandbox_run(const struct sandbox_run *asked, struct error *err)
{
	cleanup_fresh struct fresh fresh = {0};
	cleanup_loans struct loans loans = {0};
	cleanup_fd int root = open(asked->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (root < 0)
		return error_errno(err, errno, "%s", asked->root);
	cleanup_free char *program = find_program(root, asked->arguments[0]);
	if (!program)
		return error_set(err, STATUS_SCRIPT, "%s: no such program in the guest root",
			asked->arguments[0]);
	if (asked->mode == SANDBOX_CHROOT)
		fresh_note(root, &fresh);
	if (guest_make_ready(asked, root, &loans, err))
		return -1;
	struct report *report = mmap(
		NULL, sizeof(*report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (report == MAP_FAILED)
		return error_errno(err, errno, "sharing a page");
	const struct run run = {asked, report};
	int result = run_program(&run, program, err);
	munmap(report, sizeof(*report));
	return result;
}
