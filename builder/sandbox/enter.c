/*
 * Entering a mode. The parent only waits: for the child's error, which comes through a pipe, and
 * for signals, which it passes on. In SANDBOX_USER it also has the child's id maps written, which
 * must happen from outside the new namespace.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/report.h"
#include "sandbox/identity.h"
#include "sandbox/sandbox.h"
#include "sandbox/sweep.h"

/* A build that ends removes what it made; a kernel is built among a hundred thousand files, which a
 * busy disk lets go within minutes. */
enum { PATIENCE_MILLISECONDS = 1000, GRACE_MILLISECONDS = 300 * 1000, POLL_MILLISECONDS = 100 };

struct entry {
	enum sandbox_mode mode;
	int (*body)(void *context, struct error *err);
	void *context;
	int report;    /* the child's end of the error pipe */
	int handshake; /* the child's end of the socket by which it asks for its id maps */
	pid_t parent;
};

static int refused(const char *what, struct error *err)
{
	int number = errno;

	return error_set(err, STATUS_MISSING,
		"%s: %s; allow user namespaces, as root: sysctl -w user.max_user_namespaces=65536 "
		"kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0 "
		"(those of them that exist); they cannot be made inside a chroot",
		what, strerror(number));
}

static int become_user_root(int handshake, struct error *err)
{
	char byte = 0;

	if (unshare(CLONE_NEWUSER))
		return refused("making a user namespace", err);
	if (write(handshake, &byte, 1) != 1 || read(handshake, &byte, 1) != 1)
		return interrupt_check(err) ? -1
					    : error_set(err, STATUS_FAILED,
						      "entering a user namespace: no id maps");
	if (setresgid(0, 0, 0) || setresuid(0, 0, 0) || setgroups(0, NULL))
		return refused("becoming root in a user namespace", err);
	return 0;
}

/*
 * Keeps the mounts we make from showing up outside. In a chroot "/" is no mount point, so that the
 * real root's propagation must be changed; a process whose root is not above its working directory
 * gets there by "..".
 */
static int make_mounts_private(struct error *err)
{
	cleanup_fd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat above, here = {0};

	if (!mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return 0;
	if (errno != EINVAL || root < 0 || chroot("/usr") || fchdir(root))
		return error_errno(err, errno, "making mounts private");
	do {
		above = here;
		if (chdir("..") || stat(".", &here))
			return error_errno(err, errno, "making mounts private");
	} while (above.st_ino != here.st_ino || above.st_dev != here.st_dev);
	if (mount(NULL, ".", NULL, MS_REC | MS_PRIVATE, NULL) || fchdir(root) || chroot("."))
		return error_errno(err, errno, "making mounts private");
	return 0;
}

static int enter_namespaces(const struct entry *entry, struct error *err)
{
	if (entry->mode == SANDBOX_CHROOT)
		return 0;
	if (entry->mode == SANDBOX_USER && become_user_root(entry->handshake, err))
		return -1;
	/* Changing identity has cleared it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != entry->parent)
		return error_set(err, STATUS_INTERRUPTED, "the parent process is gone");
	if (unshare(CLONE_NEWNS))
		return refused("making a mount namespace", err);
	cleanup_free char *directory = getcwd(NULL, 0);
	if (make_mounts_private(err))
		return -1;
	if (directory && chdir(directory))
		return error_errno(err, errno, "%s", directory);
	return 0;
}

/* The child's whole life. Never returns. */
static void child(const struct entry *entry)
{
	struct error error = {0};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sweep_prepare();
	umask(022);
	int result = enter_namespaces(entry, &error);
	if (!result)
		result = entry->body(entry->context, &error);
	sweep();
	fflush(NULL);
	if (!result)
		_exit(0);
	report_write(entry->report, &error);
	_exit(error.status);
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000ull + time.tv_nsec / 1000000;
}

/* Collects the child's report until it ends, passing an interrupt on; its wait status. */
static int wait_for_child(pid_t pid, int report, struct buffer *text)
{
	uint64_t interrupted = 0;
	bool told = false;
	int status;
	char block[4096];

	while (waitpid(pid, &status, WNOHANG) != pid) {
		struct pollfd pipe = {report, POLLIN, 0};
		if (interrupt_pending() && !interrupted) {
			interrupted = now();
			/* Harmless when the terminal has told the child already. */
			kill(pid, interrupt_signal());
		}
		uint64_t passed = interrupted ? now() - interrupted : 0;
		if (passed > PATIENCE_MILLISECONDS && !told) {
			told = true;
			log_note("interrupted; removing what was made so far");
		}
		if (passed > GRACE_MILLISECONDS)
			kill(pid, SIGKILL);
		if (poll(&pipe, 1, report < 0 ? 1 : POLL_MILLISECONDS) <= 0)
			continue;
		ssize_t length = read(report, block, sizeof(block));
		if (length > 0)
			buffer_append(text, block, length);
		else if (!length) /* nothing but its exit closes the other end */
			report = -1;
	}
	return status;
}

/* Answers the child's request for its id maps; a child that failed before asks for none. */
static int serve_maps(pid_t pid, int handshake, const struct identity *identity, struct error *err)
{
	char byte;

	if (read(handshake, &byte, 1) != 1)
		return 0;
	if (identity_map(identity, pid, err))
		return -1;
	if (write(handshake, &byte, 1) != 1)
		return error_errno(err, errno, "entering a user namespace");
	return 0;
}

int sandbox_enter(enum sandbox_mode mode, int (*body)(void *context, struct error *err),
	void *context, struct error *err)
{
	struct entry entry = {mode, body, context, -1, -1, getpid()};
	cleanup_identity struct identity identity = {0};
	cleanup_buffer struct buffer text = {0};
	int report[2], handshake[2];

	if (mode == SANDBOX_USER && identity_load(&identity, err))
		return -1;
	if (pipe2(report, O_CLOEXEC))
		return error_errno(err, errno, "making a pipe");
	cleanup_fd int our_report = report[0];
	cleanup_fd int child_report = report[1];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, handshake))
		return error_errno(err, errno, "making a socket");
	cleanup_fd int our_handshake = handshake[0];
	cleanup_fd int child_handshake = handshake[1];
	entry.report = child_report;
	entry.handshake = child_handshake;

	fflush(NULL);
	pid_t pid = fork();
	if (pid < 0)
		return error_errno(err, errno, "starting the build process");
	if (!pid) {
		close(our_handshake); /* or it would not see the parent's end */
		child(&entry);
	}
	close(steal_fd(&child_report));
	close(steal_fd(&child_handshake));
	if (mode == SANDBOX_USER && serve_maps(pid, our_handshake, &identity, err)) {
		process_end(pid);
		return -1;
	}
	return report_conclude(
		"the build process", wait_for_child(pid, our_report, &text), &text, err);
}
