#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "sandbox/sandbox.h"
#include "sandbox/tree-copy.h"

/* The root directory of the merged tree is the upper one. */
static int make_upper(const char *layer, const char *upper, const char *work, struct error *err)
{
	struct stat status;

	if (stat(layer, &status))
		return error_errno(err, errno, "%s", layer);
	if (mkdir(upper, 0755) || mkdir(work, 0755))
		return error_errno(err, errno, "%s: making the directory", upper);
	const struct timespec times[] = {status.st_atim, status.st_mtim};
	if (chown(upper, status.st_uid, status.st_gid) || chmod(upper, status.st_mode & 07777) ||
		utimensat(AT_FDCWD, upper, times, 0))
		return error_errno(err, errno, "%s: setting its owner and mode", upper);
	return 0;
}

/* Some file systems mount as an upper directory and then cannot record a removed directory. */
static bool keeps_attributes(const char *directory, bool user)
{
	const char *name = user ? "user.jeos" : "trusted.jeos";

	return !setxattr(directory, name, "", 0, 0) && !removexattr(directory, name);
}

static bool mount_overlay(enum sandbox_mode mode, const char *layer, const char *upper,
	const char *work, const char *path)
{
	bool user = mode == SANDBOX_USER;
	cleanup_free char *options = xasprintf("lowerdir=%s,upperdir=%s,workdir=%s%s", layer, upper,
		work, user ? ",userxattr" : "");
	/* Volatile: unmounting must not wait for the disk. Kernels before 5.10 do not know it. */
	cleanup_free char *fast = xasprintf("%s,volatile", options);

	/* Overlayfs has its own meaning for these. */
	if (strpbrk(layer, ",:\\") || strpbrk(upper, ",:\\"))
		return false;
	return keeps_attributes(upper, user) &&
	       (!mount("overlay", path, "overlay", 0, fast) ||
		       !mount("overlay", path, "overlay", 0, options));
}

int sandbox_tree_over(enum sandbox_mode mode, const char *layer, const char *changes,
	const char *path, struct error *err)
{
	cleanup_free char *upper = xasprintf("%s/upper", changes);
	cleanup_free char *work = xasprintf("%s/work", changes);

	if (mode != SANDBOX_CHROOT) {
		if (make_upper(layer, upper, work, err))
			return -1;
		if (mount_overlay(mode, layer, upper, work, path))
			return 0;
	}
	return tree_copy(layer, path, err);
}
