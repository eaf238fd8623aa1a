/* Squashfs, made by mksquashfs in a file of its own, then copied into the slice. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/memory.h"
#include "filesystem.h"
#include "tool.h"

/* An empty filesystem has a root, too. */
static int open_empty(const char *work, char **ret_path, int *ret_tree, struct error *err)
{
	cleanup_free char *path = xasprintf("%s/squashfs.empty", work);

	if (directory_make(AT_FDCWD, path, err))
		return -1;
	*ret_tree = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*ret_tree < 0)
		return error_errno(err, errno, "%s", path);
	*ret_path = steal_pointer(&path);
	return 0;
}

/* Files newer than the epoch are as old as it: that is what the tool makes of SOURCE_DATE_EPOCH. */
static int squashfs_make(
	int tree, const char *path, const struct filesystem_options *options, struct error *err)
{
	cleanup_free char *source = xasprintf("/proc/self/fd/%d/.", tree);
	const struct tool tool = {
		.package = "squashfs-tools", .epoch = options->epoch, .pass_fd = tree};
	const char *const arguments[] = {"mksquashfs", source, path, "-quiet", "-no-progress",
		"-noappend", "-comp", "zstd", "-b", "128K", "-xattrs", "-exports", NULL};

	return tool_run(&tool, arguments, err) ? error_wrap(err, "squashfs") : 0;
}

static int squashfs_write(const struct slice *slice, int tree,
	const struct filesystem_options *options, struct error *err)
{
	cleanup_free char *image = xasprintf("%s/squashfs.img", options->work);
	cleanup_free char *empty = NULL;
	cleanup_fd int opened = -1;

	if (tree < 0 && open_empty(options->work, &empty, &opened, err))
		return -1;
	int result = squashfs_make(tree < 0 ? opened : tree, image, options, err) ||
		     slice_copy_file(slice, image, err);
	unlink(image);
	if (empty)
		rmdir(empty);
	return result ? -1 : 0;
}

const struct filesystem filesystem_squashfs = {
	.name = "squashfs",
	.summary = "compressed and read-only, for roots",
	.root = true,
	.read_only = true,
	.write = squashfs_write,
	.make = squashfs_make,
};
