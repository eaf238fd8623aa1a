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
static int make_upper(const char *layer, const char *changes, struct error *err)
{
	cleanup_free char *upper = xasprintf("%s/upper", changes);
	cleanup_free char *work = xasprintf("%s/work", changes);
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

/* Overlayfs wants the topmost layer first. */
static char *lower_directories(const struct words *layers)
{
	struct buffer text = {0};

	for (size_t i = layers->count; i; i--)
		buffer_printf(&text, "%s%s", layers->items[i - 1], i > 1 ? ":" : "");
	return text.data;
}

static int mount_overlay(enum sandbox_mode mode, const char *lower, const char *changes,
	const char *path, struct error *err)
{
	cleanup_free char *options = xasprintf("lowerdir=%s,upperdir=%s/upper,workdir=%s/work%s",
		lower, changes, changes, mode == SANDBOX_USER ? ",userxattr" : "");
	/* Volatile: unmounting must not wait for the disk. Kernels before 5.10 do not know it. */
	cleanup_free char *fast = xasprintf("%s,volatile", options);

	if (!mount("overlay", path, "overlay", 0, fast) ||
		!mount("overlay", path, "overlay", 0, options))
		return 0;
	return error_errno(err, errno, "%s: mounting an overlay", path);
}

bool sandbox_can_overlay(enum sandbox_mode mode, const char *directory)
{
	cleanup_work struct work_directory trial = {0};
	cleanup(error_release) struct error ignored = {0};

	/* Overlayfs has its own meaning for these characters. */
	if (mode == SANDBOX_CHROOT || strpbrk(directory, ",:\\") ||
		!keeps_attributes(directory, mode == SANDBOX_USER) ||
		work_directory_make(directory, "overlay", &trial, &ignored))
		return false;
	cleanup_free char *tree = xasprintf("%s/tree", trial.path);
	cleanup_free char *lower = xasprintf("%s/lower", trial.path);
	if (make_upper(trial.path, trial.path, &ignored) || mkdir(tree, 0755) ||
		mkdir(lower, 0755) || mount_overlay(mode, lower, trial.path, tree, &ignored))
		return false;
	sandbox_tree_end(tree);
	return true;
}

int sandbox_tree_over(enum sandbox_mode mode, bool overlay, const struct words *layers,
	const char *changes, const char *path, struct error *err)
{
	const char *top = layers->items[layers->count - 1];

	for (size_t i = 0; !overlay && i < layers->count; i++)
		if (tree_copy(layers->items[i], path, err))
			return -1;
	if (!overlay)
		return 0;
	cleanup_free char *lower = lower_directories(layers);
	if (make_upper(top, changes, err))
		return -1;
	return mount_overlay(mode, lower, changes, path, err);
}

void sandbox_tree_end(const char *path)
{
	if (umount2(path, 0))
		umount2(path, MNT_DETACH);
}
