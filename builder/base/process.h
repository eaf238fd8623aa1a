/*
 * Programs: run by argument vector, never through a shell. A child that exits non-zero or dies by
 * a signal has failed, and its last lines of output are part of the error. No descriptor but
 * 0, 1, 2 and `pass_fds` reaches the child; it dies when its parent does. It leads a process group
 * of its own, so that ending it also ends what it started.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "text.h"

struct process {
	const char *name;             /* in messages; NULL: arguments[0] */
	const char *const *arguments; /* NULL-terminated; [0] is looked up by program_find() unless
					 it has a '/' */
	const char *const *environment; /* NULL-terminated; NULL inherits */
	const char *directory;          /* working directory; NULL: inherited */
	const char *log;     /* file that output is appended to as it comes; NULL: none */
	uint64_t timeout;    /* milliseconds; 0: none */
	enum status failure; /* the status when it exits non-zero; 0 means STATUS_FAILED */
	/* Runs in the child before exec, with everything else set up; an error message on stderr
	 * and a non-zero result end the child. May be NULL. */
	int (*prepare)(void *context);
	void *context;
	/* Called with each chunk of output, for progress; may be NULL. */
	void (*output)(void *context, const char *data, size_t length);
	int pass_fds[2]; /* descriptors the child keeps under the same numbers; 0: none */
	bool terminal;   /* the output is a terminal: the child's own, of a session of its own, and
			    its input, too */
};

/* Runs to its exit; stdin is /dev/null, stdout and stderr are collected together. What the child
 * left running is not waited for. */
int process_run(const struct process *process, struct error *err);
/* The same, but stdout goes to ret_output (at most 64 MiB) and only stderr to the error. */
int process_capture(const struct process *process, struct buffer *ret_output, struct error *err);

/* Starts a program in the background with stdin from /dev/null and both outputs to `output_fd`. */
int process_start(const struct process *process, int output_fd, pid_t *ret_pid, struct error *err);
/* Ends a child and its process group: SIGTERM, then SIGKILL after two seconds; reaps it. Its wait
 * status, or -1 if there was none. */
int process_end(pid_t pid);

/* Why a wait status is a failure: "exit status 2", "killed by SIGKILL". Owned by the caller. */
char *process_explain(int wait_status);

/* A child process that is ended when the variable leaves its scope. 0: none. */
static inline void cleanup_process_end(const pid_t *pid)
{
	if (*pid > 0)
		process_end(*pid);
}
#define cleanup_process cleanup(cleanup_process_end)

static inline pid_t steal_pid(pid_t *pid)
{
	pid_t stolen = *pid;

	*pid = 0;
	return stolen;
}
