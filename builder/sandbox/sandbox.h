/*
 * The sandbox: where maintainer scripts and hooks run. Only they need a root; jeos itself reads and
 * writes everything else.
 *
 * A build first enters a mode (sandbox_enter), in which the whole rest of the build runs:
 *   SANDBOX_USER    an unprivileged user: a user namespace with the user's subordinate ids
 *   SANDBOX_ROOT    root that may mount and unshare
 *   SANDBOX_CHROOT  root in a locked-down container: plain chroot
 * Inside, all mounts are in a mount namespace of jeos's own, so that the end of the process,
 * however it comes, ends them.
 */
#pragma once

#include "base/process.h"
#include "base/text.h"

enum sandbox_mode { SANDBOX_USER, SANDBOX_ROOT, SANDBOX_CHROOT };

/* Which mode this host allows, by trying it in a child. STATUS_MISSING says what to enable. */
int sandbox_detect(enum sandbox_mode *ret_mode, struct error *err);
/* "user namespace", "root", "chroot". */
const char *sandbox_mode_name(enum sandbox_mode mode);

/*
 * Runs `body` in the mode, in a child: in SANDBOX_USER and SANDBOX_ROOT with namespaces of its own,
 * in which it is root; the child's error comes back. Interrupts are passed on to the child, and
 * what it leaves running is ended. Nothing else that `body` changes in memory comes back.
 */
int sandbox_enter(enum sandbox_mode mode, int (*body)(void *context, struct error *err),
	void *context, struct error *err);

/* A program run in the guest root. */
struct sandbox_run {
	enum sandbox_mode mode;
	const char *root;               /* the guest root's path */
	const char *name;               /* in messages; NULL: arguments[0] */
	const char *const *arguments;   /* NULL-terminated, found on the guest's PATH */
	const char *const *environment; /* added to the small fixed one; NULL: nothing */
	const char *const *files;       /* host files, shown read-only as /run/jeos/BASENAME while
					   it runs; NULL-terminated; NULL: none */
	bool network;                   /* keeps the host's network; otherwise loopback only */
	uint64_t timeout;               /* milliseconds; 0: an hour */
	const char *log;                /* file its output is appended to; NULL: none */
	void (*output)(void *context, const char *data, size_t length); /* may be NULL */
	void *context;
};

/*
 * Runs it, chrooted, in mount, process, IPC and host-name namespaces of its own, with /proc, /sys,
 * /dev (a few nodes), /dev/pts, /dev/shm, /run and /tmp fresh, nothing of the host's environment,
 * fsync and its kin doing nothing, and every process it leaves behind killed. The program is root
 * with the few capabilities that maintainer scripts need. Failure is STATUS_SCRIPT with the last
 * lines of its output.
 *
 * In SANDBOX_CHROOT nothing is mounted: device nodes and `files` are put into the root for the
 * time of the run, /proc and /sys are empty, and the network is the host's. A jeos that is
 * killed itself cannot end there what runs.
 */
int sandbox_run(const struct sandbox_run *run, struct error *err);

/*
 * Whether this mode can put a writable tree over layers by overlayfs, with the changes in that
 * directory; otherwise trees are copied.
 */
bool sandbox_can_overlay(enum sandbox_mode mode, const char *directory);

/*
 * Gives a writable tree at `path` (an existing empty directory) that begins as the layers, the
 * bottom one first, which stay untouched. With `overlay` it is mounted and what changes is found in
 * CHANGES/upper, itself a layer for later; else they are copied, one over the other. `changes` is
 * an existing empty directory.
 */
int sandbox_tree_over(enum sandbox_mode mode, bool overlay, const struct words *layers,
	const char *changes, const char *path, struct error *err);
/* Ends what sandbox_tree_over() mounted at `path`; nothing otherwise. */
void sandbox_tree_end(const char *path);
