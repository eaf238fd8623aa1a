#include "extract.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/inside.h"
#include "base/interrupt.h"
#include "hardlinks.h"
#include "zeros.h"

enum { PIECE = 256 * 1024, HOLE = 4096 };

struct extraction {
	struct image_tree *tree;
	size_t first;           /* index of the file that is extracted */
	size_t prefix;          /* length of its path, which is "" below the root */
	int root;               /* where it is put; owned */
	bool privileged;        /* owners are kept, device nodes are made */
	struct hardlinks links; /* 1 + the index of the first name, of files with several */
	struct extract_losses *losses;
	char *piece; /* owned */
};

/* The path below the root of what is extracted; the thing itself is "files". */
static char *path_of(const struct extraction *extraction, const struct image_file *file)
{
	const char *below = file->path + extraction->prefix;

	return xasprintf("files%s", strcmp(below, "/") ? below : "");
}

static int write_piece(int fd, const char *data, uint64_t offset, size_t length, struct error *err)
{
	for (size_t at = 0, piece; at < length; at += piece) {
		piece = length - at < HOLE ? length - at : HOLE;
		if (!is_zeros(data + at, piece) &&
			file_write_at(fd, offset + at, data + at, piece, err))
			return -1;
	}
	return 0;
}

static int copy_contents(
	struct extraction *extraction, const struct image_file *file, int fd, struct error *err)
{
	if (ftruncate(fd, file->size))
		return error_errno(err, errno, "%llu bytes", (unsigned long long)file->size);
	for (uint64_t at = 0, length; at < file->size; at += length) {
		if (image_file_hole(extraction->tree, file, at, &length, err))
			return -1;
		if (length)
			continue;
		length = file->size - at < PIECE ? file->size - at : PIECE;
		if (image_file_read(extraction->tree, file, at, extraction->piece, length, err) ||
			write_piece(fd, extraction->piece, at, length, err))
			return -1;
	}
	return 0;
}

static int make_file(struct extraction *extraction, const struct image_file *file, int directory,
	const char *name, struct error *err)
{
	cleanup_fd int fd =
		openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return error_errno(err, errno, "making it");
	return copy_contents(extraction, file, fd, err);
}

static int make_node(struct extraction *extraction, const struct image_file *file, int directory,
	const char *name, bool *ret_made, struct error *err)
{
	if (!mknodat(directory, name, (file->mode & S_IFMT) | 0600, file->device))
		return 0;
	if (errno != EPERM)
		return error_errno(err, errno, "making it");
	extraction->losses->devices++;
	*ret_made = false;
	return 0;
}

/* The same file under its first name, if it was extracted already. */
static int make_link(struct extraction *extraction, const struct image_file *file, int directory,
	const char *name, bool *ret_linked, struct error *err)
{
	const struct stat key = {.st_ino = file->inode};

	if (file->links < 2 || S_ISDIR(file->mode))
		return 0;
	uint32_t *first = hardlinks_number(&extraction->links, &key);
	if (!*first) {
		*first = file - extraction->tree->files.items + 1;
		return 0;
	}
	cleanup_free char *other = path_of(extraction, &extraction->tree->files.items[*first - 1]);
	cleanup_fd int parent = -1;
	const char *other_name;
	if (inside_parent(extraction->root, other, &parent, &other_name, err))
		return -1;
	if (linkat(parent, other_name, directory, name, 0) && errno != ENOENT)
		return error_errno(err, errno, "linking it");
	*ret_linked = true;
	return 0;
}

static int make(struct extraction *extraction, const struct image_file *file, int directory,
	const char *name, bool *ret_made, struct error *err)
{
	bool linked = false;

	if (make_link(extraction, file, directory, name, &linked, err))
		return -1;
	if (linked) {
		*ret_made = false;
		return 0;
	}
	switch (file->mode & S_IFMT) {
	case S_IFREG:
		return make_file(extraction, file, directory, name, err);
	case S_IFDIR:
		return mkdirat(directory, name, 0700) ? error_errno(err, errno, "making it") : 0;
	case S_IFLNK:
		return symlinkat(file->target, directory, name)
			       ? error_errno(err, errno, "making it")
			       : 0;
	default:
		return make_node(extraction, file, directory, name, ret_made, err);
	}
}

static int set_owner(struct extraction *extraction, const struct image_file *file, int directory,
	const char *name, struct error *err)
{
	if (!extraction->privileged) {
		extraction->losses->owners += file->uid != geteuid() || file->gid != getegid();
		return 0;
	}
	if (fchownat(directory, name, file->uid, file->gid, AT_SYMLINK_NOFOLLOW)) {
		if (errno != EPERM && errno != EINVAL)
			return error_errno(err, errno, "giving it its owner");
		extraction->losses->owners++;
	}
	return 0;
}

static int set_mode(struct extraction *extraction, const struct image_file *file, int directory,
	const char *name, struct error *err)
{
	mode_t mode = file->mode & 07777, special = mode & (S_ISUID | S_ISGID);

	if (S_ISLNK(file->mode))
		return 0;
	if (!extraction->privileged && special && !S_ISDIR(file->mode)) {
		extraction->losses->modes++;
		mode &= ~special;
	}
	if (fchmodat(directory, name, mode, 0))
		return error_errno(err, errno, "giving it its mode");
	return 0;
}

static void set_xattrs(struct extraction *extraction, const struct image_file *file, int directory,
	const char *name)
{
	cleanup_free char *path = xasprintf("/proc/self/fd/%d/%s", directory, name);

	for (size_t i = 0; i < file->xattr_count; i++) {
		const struct image_xattr *xattr = &file->xattrs[i];
		if (lsetxattr(path, xattr->name, xattr->value, xattr->length, 0))
			extraction->losses->xattrs++;
	}
}

static int set_time(
	const struct image_file *file, int directory, const char *name, struct error *err)
{
	const struct timespec times[2] = {
		{file->seconds, file->nanoseconds}, {file->seconds, file->nanoseconds}};

	if (utimensat(directory, name, times, AT_SYMLINK_NOFOLLOW) && errno != EINVAL)
		return error_errno(err, errno, "giving it its time");
	return 0;
}

static int set_attributes(struct extraction *extraction, const struct image_file *file,
	int directory, const char *name, struct error *err)
{
	if (set_owner(extraction, file, directory, name, err))
		return -1;
	set_xattrs(extraction, file, directory, name);
	if (set_mode(extraction, file, directory, name, err))
		return -1;
	return set_time(file, directory, name, err);
}

/* Makes it; a directory gets its attributes when all in it is there. */
static int extract_one(
	struct extraction *extraction, const struct image_file *file, struct error *err)
{
	cleanup_free char *path = path_of(extraction, file);
	cleanup_fd int directory = -1;
	const char *name;
	bool made = true;

	if (interrupt_check(err) || inside_parent(extraction->root, path, &directory, &name, err) ||
		make(extraction, file, directory, name, &made, err))
		return -1;
	return made && !S_ISDIR(file->mode) ? set_attributes(extraction, file, directory, name, err)
					    : 0;
}

static int finish_directory(
	struct extraction *extraction, const struct image_file *file, struct error *err)
{
	cleanup_free char *path = path_of(extraction, file);
	cleanup_fd int directory = -1;
	const char *name;

	if (inside_parent(extraction->root, path, &directory, &name, err))
		return -1;
	return set_attributes(extraction, file, directory, name, err);
}

static int extract_all(struct extraction *extraction, struct error *err)
{
	const struct image_tree *tree = extraction->tree;
	const struct image_file *files = tree->files.items;
	size_t first = extraction->first, end = image_tree_end(tree, &files[first]);

	for (size_t i = first; i < end; i++)
		if (extract_one(extraction, &files[i], err))
			return error_wrap(err, "%s", files[i].path);
	for (size_t i = end; i-- > first;)
		if (S_ISDIR(files[i].mode) && finish_directory(extraction, &files[i], err))
			return error_wrap(err, "%s", files[i].path);
	return 0;
}

int image_extract(struct image_tree *tree, const struct image_file *file, const char *path,
	struct extract_losses *ret_losses, struct error *err)
{
	const char *slash = strrchr(path, '/');
	cleanup_free char *parent = slash ? xstrndup(path, slash - path + 1) : xstrdup(".");
	cleanup_work struct work_directory work = {0};
	struct extraction extraction = {
		.tree = tree,
		.first = file - tree->files.items,
		.prefix = file->path[1] ? strlen(file->path) : 0,
		.privileged = !geteuid(),
		.losses = ret_losses,
	};

	if (rmdir(path) && errno != ENOENT)
		return error_errno(err, errno, "%s: it is in the way", path);
	if (directory_make(AT_FDCWD, parent, err) ||
		work_directory_make(parent, ".jeos-extract", &work, err))
		return -1;
	int result = inside_open_root(work.path, &extraction.root, err);
	if (!result) {
		extraction.piece = xmalloc(PIECE);
		result = extract_all(&extraction, err);
		close(extraction.root);
		free(extraction.piece);
	}
	hardlinks_release(&extraction.links);
	cleanup_free char *from = xasprintf("%s/files", work.path);
	if (!result && rename(from, path))
		return error_errno(err, errno, "%s: renaming into place", path);
	return result;
}
