#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "sandbox/sandbox.h"

const char *sandbox_mode_name(enum sandbox_mode mode)
{
	static const char *const names[] = {
		[SANDBOX_USER] = "user namespace",
		[SANDBOX_ROOT] = "root",
		[SANDBOX_CHROOT] = "chroot",
	};

	return names[mode];
}

/* What sandbox_run() will need. */
static int try_mounting(void *context, struct error *err)
{
	(void)context;
	if (mount("tmpfs", "/", "tmpfs", 0, NULL) ||
		unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET))
		return error_set(err, STATUS_MISSING,
			"mounting in a namespace: %s; is it forbidden by "
			"kernel.apparmor_restrict_unprivileged_userns or a container's profile?",
			strerror(errno));
	return 0;
}

static int try_chroot(void *context, struct error *err)
{
	(void)context;
	if (chroot("/"))
		return error_set(err, STATUS_MISSING,
			"chroot: %s; give root the capability SYS_CHROOT, or run jeos as an "
			"ordinary user",
			strerror(errno));
	return 0;
}

int sandbox_detect(enum sandbox_mode *ret_mode, struct error *err)
{
	struct error no_mounts = {0};
	enum sandbox_mode mode = geteuid() ? SANDBOX_USER : SANDBOX_ROOT;

	if (mode == SANDBOX_USER && sandbox_enter(mode, try_mounting, NULL, err))
		return -1;
	if (mode == SANDBOX_ROOT && sandbox_enter(mode, try_mounting, NULL, &no_mounts)) {
		error_release(&no_mounts);
		mode = SANDBOX_CHROOT;
		if (sandbox_enter(mode, try_chroot, NULL, err))
			return -1;
	}
	*ret_mode = mode;
	return 0;
}
