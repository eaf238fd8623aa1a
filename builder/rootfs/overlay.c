#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/inside.h"
#include "image/tree.h"
#include "owners.h"
#include "rootfs.h"

#define OWNERS ".owners"

/* Git keeps no more of a mode than whether a file is executable; the rest is the umask of whoever
 * checked it out, of which write permission for others must not reach an image. */
static mode_t mode_of(const struct tree_entry *entry)
{
	return entry->status.st_mode & 07777 & ~022;
}

static int copy_directory(int root, const struct tree_entry *entry, struct error *err)
{
	bool exists = inside_exists(root, entry->path);
	cleanup_fd int directory = -1;

	if (inside_directory(root, entry->path, &directory, err))
		return -1;
	if (!exists && fchmod(directory, mode_of(entry)))
		return error_errno(err, errno, "/%s: setting its mode", entry->path);
	return 0;
}

static int copy_file(int root, const struct tree_entry *entry, struct error *err)
{
	cleanup_fd int from = openat(
		entry->directory, entry->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	cleanup_fd int to = -1;

	if (from < 0)
		return error_errno(err, errno, "%s", entry->path);
	if (inside_create(root, entry->path, mode_of(entry), &to, err))
		return -1;
	return file_copy(from, to, err) ? error_wrap(err, "/%s", entry->path) : 0;
}

static int copy_link(int root, const struct tree_entry *entry, struct error *err)
{
	char target[PATH_MAX];
	ssize_t length = readlinkat(entry->directory, entry->name, target, sizeof(target) - 1);

	if (length < 0)
		return error_errno(err, errno, "%s", entry->path);
	target[length] = '\0';
	return inside_symlink(root, entry->path, target, err);
}

static int copy_entry(void *context, const struct tree_entry *entry, struct error *err)
{
	int root = *(const int *)context;

	if (!*entry->path || text_equal(entry->path, OWNERS))
		return 0;
	switch (entry->status.st_mode & S_IFMT) {
	case S_IFDIR:
		return copy_directory(root, entry, err);
	case S_IFREG:
		return copy_file(root, entry, err);
	case S_IFLNK:
		return copy_link(root, entry, err);
	default:
		return error_set(err, STATUS_RECIPE,
			"%s: only files, directories and links can be overlaid", entry->path);
	}
}

static int copy_overlay(const char *path, int root, struct error *err)
{
	cleanup_fd int overlay = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_free char *owners = xasprintf("%s/" OWNERS, path);

	if (overlay < 0)
		return error_errno(err, errno, "%s", path);
	if (tree_walk(overlay, &(struct tree_visitor){.enter = copy_entry, .context = &root}, err))
		return -1;
	return owners_apply(owners, root, err);
}

int rootfs_overlay(const struct rootfs *rootfs, struct error *err)
{
	cleanup_fd int root = -1;

	if (inside_open_root(rootfs->root, &root, err))
		return -1;
	vector_for_each (overlay, &rootfs->recipe->overlays) {
		cleanup_free char *path = recipe_find(overlay->at.file, "overlays", overlay->text);
		if (!path)
			return error_at(
				err, overlay->at, "there is no overlay `%s`", overlay->text);
		if (copy_overlay(path, root, err))
			return error_wrap(err, "overlay %s", overlay->text);
	}
	return 0;
}
