#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/inside.h"
#include "fstab.h"
#include "image/tree.h"
#include "rootfs.h"
#include "seal.h"
#include "strip.h"

static const struct strip_rule *rule_of(const struct recipe *recipe, const struct tree_entry *entry)
{
	cleanup_free char *path = xasprintf("/%s", entry->path);

	return strip_match(recipe, path);
}

static int strip_file(void *context, const struct tree_entry *entry, struct error *err)
{
	if (S_ISDIR(entry->status.st_mode) || !rule_of(context, entry))
		return 0;
	if (unlinkat(entry->directory, entry->name, 0))
		return error_errno(err, errno, "/%s: removing", entry->path);
	return 0;
}

/* A directory goes with its last entry. */
static int strip_directory(void *context, const struct tree_entry *entry, struct error *err)
{
	const struct strip_rule *rule = rule_of(context, entry);

	if (!rule || rule->keep_directories)
		return 0;
	if (unlinkat(entry->directory, entry->name, AT_REMOVEDIR) && errno != ENOTEMPTY)
		return error_errno(err, errno, "/%s: removing", entry->path);
	return 0;
}

/* Empty, but there: systemd then gives the machine its identity at first boot, and does not take
 * that boot for an installation to be completed by questions and presets. machine-id(5) */
static int empty_machine_id(int root, struct error *err)
{
	return inside_write(root, "etc/machine-id", "", 0444, err);
}

/* Where the sandbox mounts, or in a plain chroot lends, what a program needs: the one changes these
 * directories' times, the other does not. */
static int forget_sandbox(int root, uint64_t epoch, struct error *err)
{
	static const char *const names[] = {"dev", "proc", "run", "sys", "tmp"};
	const struct timespec times[] = {{.tv_sec = epoch}, {.tv_sec = epoch}};

	for (size_t i = 0; i < array_count(names); i++)
		if (utimensat(root, names[i], times, AT_SYMLINK_NOFOLLOW) && errno != ENOENT)
			return error_errno(err, errno, "/%s: setting its time", names[i]);
	return 0;
}

int rootfs_clean(const struct rootfs *rootfs, struct error *err)
{
	const struct tree_visitor strip = {
		.enter = strip_file,
		.leave = strip_directory,
		.context = (void *)rootfs->recipe,
	};
	cleanup_fd int root = -1;

	if (inside_open_root(rootfs->root, &root, err) || tree_walk(root, &strip, err) ||
		empty_machine_id(root, err) || fstab_check(rootfs->recipe, root, err) ||
		forget_sandbox(root, rootfs->epoch, err))
		return -1;
	return rootfs_seal_passwords(root, rootfs->epoch, err);
}
