#include "inside.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cleanup.h"
#include "file.h"

static int open_inside(int root, const char *path, int flags)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};

	return syscall(SYS_openat2, root, *path ? path : ".", &how, sizeof(how));
}

int inside_open_root(const char *path, int *ret_root, struct error *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return error_errno(err, errno, "%s", path);
	*ret_root = fd;
	return 0;
}

int inside_directory(int root, const char *path, int *ret_directory, struct error *err)
{
	int fd = open_inside(root, path, O_RDONLY | O_DIRECTORY);

	if (fd < 0 && errno == ENOENT) {
		cleanup_fd int parent = -1;
		const char *name;
		if (inside_parent(root, path, &parent, &name, err))
			return -1;
		if (mkdirat(parent, name, 0755) && errno != EEXIST)
			return error_errno(err, errno, "/%s: making the directory", path);
		fd = open_inside(root, path, O_RDONLY | O_DIRECTORY);
	}
	if (fd < 0)
		return error_errno(err, errno, "/%s", path);
	*ret_directory = fd;
	return 0;
}

int inside_parent(
	int root, const char *path, int *ret_directory, const char **ret_name, struct error *err)
{
	const char *slash = strrchr(path, '/');
	cleanup_free char *above = xstrndup(path, slash ? slash - path : 0);

	if (inside_directory(root, above, ret_directory, err))
		return -1;
	*ret_name = slash ? slash + 1 : path;
	return 0;
}

/* Makes way for a new file: the directory it goes to, with nothing of its name there. */
static int make_way(
	int root, const char *path, int *ret_directory, const char **ret_name, struct error *err)
{
	if (inside_parent(root, path, ret_directory, ret_name, err))
		return -1;
	if (unlinkat(*ret_directory, *ret_name, 0) && errno != ENOENT)
		return error_errno(err, errno, "/%s: replacing", path);
	return 0;
}

int inside_create(int root, const char *path, mode_t mode, int *ret_fd, struct error *err)
{
	cleanup_fd int directory = -1;
	const char *name;

	if (make_way(root, path, &directory, &name, err))
		return -1;
	cleanup_fd int fd =
		openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || fchmod(fd, mode))
		return error_errno(err, errno, "/%s: making the file", path);
	*ret_fd = steal_fd(&fd);
	return 0;
}

int inside_write_data(
	int root, const char *path, const void *data, size_t length, mode_t mode, struct error *err)
{
	cleanup_fd int fd = -1;

	if (inside_create(root, path, mode, &fd, err))
		return -1;
	return file_write_all(fd, data, length, err) ? error_wrap(err, "/%s", path) : 0;
}

int inside_write(int root, const char *path, const char *text, mode_t mode, struct error *err)
{
	return inside_write_data(root, path, text, strlen(text), mode, err);
}

int inside_symlink(int root, const char *path, const char *target, struct error *err)
{
	cleanup_fd int directory = -1;
	const char *name;

	if (make_way(root, path, &directory, &name, err))
		return -1;
	if (symlinkat(target, directory, name))
		return error_errno(err, errno, "/%s: making the link", path);
	return 0;
}

int inside_rewrite(int root, const char *path, const char *text, struct error *err)
{
	cleanup_fd int fd = open_inside(root, path, O_WRONLY | O_TRUNC);

	if (fd < 0)
		return error_errno(err, errno, "/%s", path);
	if (file_write_all(fd, text, strlen(text), err))
		return error_wrap(err, "/%s", path);
	return 0;
}

int inside_read(
	int root, const char *path, size_t limit, struct buffer *ret_content, struct error *err)
{
	cleanup_fd int fd = open_inside(root, path, O_RDONLY);
	struct stat status;

	if (fd < 0 || fstat(fd, &status))
		return error_errno(err, errno, "/%s", path);
	if ((uint64_t)status.st_size > limit)
		return error_set(err, STATUS_FAILED, "/%s: larger than %zu bytes", path, limit);
	cleanup_free char *data = xmalloc(status.st_size);
	if (file_read_at(fd, 0, data, status.st_size, err))
		return error_wrap(err, "/%s", path);
	*ret_content = (struct buffer){0};
	buffer_append(ret_content, data, status.st_size);
	return 0;
}

bool inside_exists(int root, const char *path)
{
	cleanup_fd int fd = open_inside(root, path, O_PATH);

	return fd >= 0;
}
