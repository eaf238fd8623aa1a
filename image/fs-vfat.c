/* FAT32, made by mkfs.fat and filled by mtools in a file of its own, then copied into the slice. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/size.h"
#include "filesystem.h"
#include "tool.h"
#include "tree.h"

struct vfat {
	const char *image; /* the scratch file */
	uint64_t epoch;
};

static int format(const struct vfat *vfat, uint64_t length,
	const struct filesystem_options *options, struct error *err)
{
	const struct tool tool = {.package = "dosfstools", .epoch = vfat->epoch};
	const uint8_t *id = options->uuid.bytes;
	cleanup_free char *kibibytes = xasprintf("%llu", (unsigned long long)(length / KIB));
	char serial[9];
	/* --invariant sets the serial number too: it comes first, to be overruled. */
	const char *const arguments[] = {"mkfs.fat", "--invariant", "-C", "-F", "32", "-i", serial,
		"-n", options->label ? options->label : "NO NAME", vfat->image, kibibytes, NULL};

	snprintf(serial, sizeof(serial), "%02x%02x%02x%02x", id[0], id[1], id[2], id[3]);
	return tool_run(&tool, arguments, err);
}

static int add_directory(const struct vfat *vfat, const char *path, struct error *err)
{
	const struct tool tool = {.package = "mtools", .epoch = vfat->epoch};
	const char *const arguments[] = {"mmd", "-i", vfat->image, path, NULL};

	return tool_run(&tool, arguments, err);
}

static int add_file(const struct vfat *vfat, const struct tree_entry *entry, const char *path,
	struct error *err)
{
	cleanup_fd int fd =
		openat(entry->directory, entry->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	const struct tool tool = {.package = "mtools", .epoch = vfat->epoch, .pass_fd = fd};
	cleanup_free char *source = xasprintf("/proc/self/fd/%d", fd);
	const char *const arguments[] = {"mcopy", "-i", vfat->image, source, path, NULL};

	if (fd < 0)
		return error_errno(err, errno, "opening");
	return tool_run(&tool, arguments, err);
}

static int add_entry(void *context, const struct tree_entry *entry, struct error *err)
{
	const struct vfat *vfat = context;
	cleanup_free char *path = xasprintf("::/%s", entry->path);

	if (!entry->depth)
		return 0;
	if (S_ISDIR(entry->status.st_mode))
		return add_directory(vfat, path, err);
	if (S_ISREG(entry->status.st_mode))
		return add_file(vfat, entry, path, err);
	return error_set(err, STATUS_FAILED, "neither file nor directory: FAT cannot hold it");
}

static int fill(const struct vfat *vfat, const struct slice *slice, int tree,
	const struct filesystem_options *options, struct error *err)
{
	const struct tree_visitor visitor = {.enter = add_entry, .context = (void *)vfat};

	if (format(vfat, slice->length, options, err))
		return -1;
	if (tree >= 0 && tree_walk(tree, &visitor, err))
		return -1;
	return slice_copy_file(slice, vfat->image, err);
}

static int vfat_write(const struct slice *slice, int tree, const struct filesystem_options *options,
	struct error *err)
{
	cleanup_free char *image = xasprintf("%s/vfat.img", options->work);
	const struct vfat vfat = {.image = image, .epoch = options->epoch};
	int result = fill(&vfat, slice, tree, options, err);

	unlink(image);
	return result;
}

const struct filesystem filesystem_vfat = {
	.name = "vfat",
	.summary = "FAT32, for the EFI system partition",
	.write = vfat_write,
};
