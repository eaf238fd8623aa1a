/* Opening an image whatever its format, and the disks below it. */
#include "disk.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "host-file.h"

/* Longer chains are taken for a mistake. */
enum { CHAIN_MAX = 32 };

/* The first driver that knows the file for its own; NULL: none of them. */
static const struct disk_driver *recognize(
	const struct disk_driver *const *drivers, const char *family, const struct disk_ends *ends)
{
	for (; *drivers; drivers++)
		if ((!family || !strcmp(family, (*drivers)->family)) && (*drivers)->recognize(ends))
			return *drivers;
	return NULL;
}

/* `family` NULL: any. */
static int find_driver(const char *path, const char *family, const struct disk_driver **ret_driver,
	struct error *err)
{
	cleanup_fd int fd = -1;
	struct disk_ends ends = {0};

	if (host_file_open(path, false, &fd, &ends.file_size, err) ||
		host_file_read(fd, 0, ends.head, sizeof(ends.head), err) ||
		(ends.file_size >= sizeof(ends.tail) &&
			host_file_read(fd, ends.file_size - sizeof(ends.tail), ends.tail,
				sizeof(ends.tail), err)))
		return -1;
	/* raw, the last one, takes anything. */
	const struct disk_driver *driver = recognize(disk_overlay_drivers, family, &ends);
	if (!driver)
		driver = recognize(disk_drivers, family, &ends);
	if (!driver)
		return error_set(err, STATUS_FAILED,
			"the image above it says that its format is '%s', which it is not or which "
			"jeos does not read",
			family);
	*ret_driver = driver;
	return 0;
}

/* Opens one file; `family` NULL: whatever its contents say. */
static int open_one(const char *path, const char *family, bool writable, struct disk **ret_disk,
	struct error *err)
{
	const struct disk_driver *driver = NULL;

	if (find_driver(path, family, &driver, err))
		return error_wrap(err, "%s", path);
	if (writable && !(driver->abilities & DISK_CHANGES_OPENED))
		return error_set(err, STATUS_FAILED,
			"%s: jeos does not change a %s image: make an overlay of it instead", path,
			driver->name);
	if (driver->open(path, writable, ret_disk, err))
		return error_wrap(err, "%s", path);
	(*ret_disk)->path = xstrdup(path);
	return 0;
}

/* A relative name of a backing file starts at the overlay's directory. */
static char *backing_path(const struct disk *overlay)
{
	const char *slash = strrchr(overlay->path, '/');

	if (!slash || overlay->backing_name[0] == '/')
		return xstrdup(overlay->backing_name);
	return xasprintf(
		"%.*s/%s", (int)(slash - overlay->path), overlay->path, overlay->backing_name);
}

bool disk_chain_has(const struct disk *top, const char *path)
{
	struct stat file, other;

	if (stat(path, &file))
		return false;
	for (const struct disk *disk = top; disk; disk = disk->backing)
		if (disk->path && !stat(disk->path, &other) && file.st_dev == other.st_dev &&
			file.st_ino == other.st_ino)
			return true;
	return false;
}

/* Refuses a file that the chain from `top` on already has. */
static int check_new(const struct disk *top, const char *path, struct error *err)
{
	unsigned depth = 0;

	if (access(path, F_OK))
		return error_errno(err, errno, "%s", path);
	if (disk_chain_has(top, path))
		return error_set(
			err, STATUS_FAILED, "%s: the chain of backing files is a loop", path);
	for (const struct disk *disk = top; disk; disk = disk->backing)
		depth++;
	if (depth == CHAIN_MAX)
		return error_set(err, STATUS_FAILED, "%s: more than %d backing files above it",
			path, CHAIN_MAX - 1);
	return 0;
}

int disk_open(const char *path, bool writable, struct disk **ret_disk, struct error *err)
{
	cleanup_disk struct disk *top = NULL;

	if (open_one(path, NULL, writable, &top, err))
		return -1;
	for (struct disk *disk = top; disk->backing_name; disk = disk->backing) {
		cleanup_free char *below = backing_path(disk);
		if (check_new(top, below, err) ||
			open_one(below, disk->backing_format, false, &disk->backing, err))
			return error_wrap(err, "%s: its backing file", disk->path);
		disk->owns_backing = true;
	}
	*ret_disk = steal_pointer(&top);
	return 0;
}
