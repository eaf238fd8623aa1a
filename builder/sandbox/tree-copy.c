#include "sandbox/tree-copy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/interrupt.h"

/* Where a file of several names was first copied to. */
struct first_name {
	dev_t device;
	ino_t inode;
	char *path; /* below the target; owned */
};

struct copy {
	int target; /* the target's top */
	vector(struct first_name) names;
};

static int copy_directory(struct copy *copy, int from, int to, const char *path, struct error *err);

/* The attributes behind two open files. Those that a namespace hides or forbids stay behind. */
static int copy_attributes(int from, int to, struct error *err)
{
	char names[XATTR_LIST_MAX];
	ssize_t length = flistxattr(from, names, sizeof(names));

	for (const char *name = names; name < names + length; name += strlen(name) + 1) {
		ssize_t size = fgetxattr(from, name, NULL, 0);
		cleanup_free char *value = size < 0 ? NULL : xmalloc(size + 1);
		if (value && (size = fgetxattr(from, name, value, size)) >= 0 &&
			fsetxattr(to, name, value, size, 0) && errno != ENOTSUP && errno != EPERM)
			return error_errno(err, errno, "setting the attribute %s", name);
	}
	return 0;
}

static int copy_status(int fd, const struct stat *status, struct error *err)
{
	const struct timespec times[] = {status->st_atim, status->st_mtim};

	/* The owner first: changing it clears set-user-ID. */
	if (fchown(fd, status->st_uid, status->st_gid) || fchmod(fd, status->st_mode & 07777) ||
		futimens(fd, times))
		return error_errno(err, errno, "setting owner, mode and times");
	return 0;
}

static int copy_file(
	int from, int to, const char *name, const struct stat *status, struct error *err)
{
	cleanup_fd int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	cleanup_fd int out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (in < 0 || out < 0)
		return error_errno(err, errno, "opening");
	if (file_copy(in, out, err))
		return -1;
	/* In this order: changing the owner clears a file's capabilities. */
	if (copy_status(out, status, err) || copy_attributes(in, out, err))
		return -1;
	return 0;
}

static int copy_subdirectory(struct copy *copy, int from, int to, const char *path,
	const struct stat *status, struct error *err)
{
	const char *name = strrchr(path, '/') + 1;

	if (mkdirat(to, name, 0700) && errno != EEXIST)
		return error_errno(err, errno, "%s: making the directory", path);
	cleanup_fd int in = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	cleanup_fd int out = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (in < 0 || out < 0)
		return error_errno(err, errno, "%s: opening", path);
	if (copy_directory(copy, in, out, path, err))
		return -1;
	if (copy_attributes(in, out, err) || copy_status(out, status, err))
		return error_wrap(err, "%s", path);
	return 0;
}

/* Links, devices, pipes and sockets: what is not opened. */
static int copy_special(
	int from, int to, const char *name, const struct stat *status, struct error *err)
{
	const struct timespec times[] = {status->st_atim, status->st_mtim};
	char target[PATH_MAX];
	int result;

	if (S_ISLNK(status->st_mode)) {
		ssize_t length = readlinkat(from, name, target, sizeof(target) - 1);
		if (length < 0)
			return error_errno(err, errno, "reading the link");
		target[length] = '\0';
		result = symlinkat(target, to, name);
	} else {
		result = mknodat(to, name, status->st_mode, status->st_rdev);
	}
	if (result || fchownat(to, name, status->st_uid, status->st_gid, AT_SYMLINK_NOFOLLOW) ||
		(!S_ISLNK(status->st_mode) && fchmodat(to, name, status->st_mode & 07777, 0)) ||
		utimensat(to, name, times, AT_SYMLINK_NOFOLLOW))
		return error_errno(err, errno, "making the copy");
	return 0;
}

/* True when the file was copied before under another name; else remembers this one. */
static bool seen_before(
	struct copy *copy, const struct stat *status, const char *path, const char **ret_first)
{
	if (status->st_nlink < 2)
		return false;
	vector_for_each (name, &copy->names) {
		if (name->inode == status->st_ino && name->device == status->st_dev) {
			*ret_first = name->path;
			return true;
		}
	}
	*vector_add(&copy->names) =
		(struct first_name){status->st_dev, status->st_ino, xstrdup(path)};
	return false;
}

/* Anything but a directory. */
static int copy_leaf(struct copy *copy, int from, int to, const char *path,
	const struct stat *status, struct error *err)
{
	const char *name = strrchr(path, '/') + 1, *first;

	if (unlinkat(to, name, 0) && errno != ENOENT)
		return error_errno(err, errno, "replacing");
	if (seen_before(copy, status, path, &first))
		return linkat(copy->target, first + 1, to, name, 0)
			       ? error_errno(err, errno, "linking")
			       : 0;
	if (S_ISREG(status->st_mode))
		return copy_file(from, to, name, status, err);
	return copy_special(from, to, name, status, err);
}

/* `path` is below the tree's top and begins with '/'. */
static int copy_entry(struct copy *copy, int from, int to, const char *path, struct error *err)
{
	struct stat status;

	if (interrupt_check(err))
		return -1;
	if (fstatat(from, strrchr(path, '/') + 1, &status, AT_SYMLINK_NOFOLLOW))
		return error_errno(err, errno, "%s: reading", path);
	if (S_ISDIR(status.st_mode))
		return copy_subdirectory(copy, from, to, path, &status, err);
	if (copy_leaf(copy, from, to, path, &status, err))
		return error_wrap(err, "%s", path);
	return 0;
}

static int copy_directory(struct copy *copy, int from, int to, const char *path, struct error *err)
{
	int fd = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_directory DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!stream)
		return error_errno(err, errno, "%s: reading the directory", path);
	while ((entry = readdir(stream))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		cleanup_free char *below = xasprintf("%s/%s", path, entry->d_name);
		if (copy_entry(copy, from, to, below, err))
			return -1;
	}
	return 0;
}

int tree_copy(const char *from, const char *to, struct error *err)
{
	cleanup_fd int in = open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_fd int out = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct copy copy = {.target = out};
	struct stat status;

	if (in < 0 || fstat(in, &status))
		return error_errno(err, errno, "%s", from);
	if (out < 0)
		return error_errno(err, errno, "%s", to);
	int result = copy_directory(&copy, in, out, "", err);
	vector_for_each (name, &copy.names)
		free(name->path);
	vector_release(&copy.names);
	if (result || copy_attributes(in, out, err) || copy_status(out, &status, err))
		return error_wrap(err, "copying %s to %s", from, to);
	return 0;
}
