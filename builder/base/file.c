#include "file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"

int file_read(int directory, const char *path, size_t limit, struct buffer *ret_content,
	struct error *err)
{
	cleanup_fd int fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
	cleanup_buffer struct buffer content = {0};
	char block[16384];
	ssize_t length;

	if (fd < 0)
		return error_errno(err, errno, "%s", path);
	while ((length = read(fd, block, sizeof(block))) > 0) {
		if ((size_t)length > limit - content.length)
			return error_set(
				err, STATUS_FAILED, "%s: larger than %zu bytes", path, limit);
		buffer_append(&content, block, length);
	}
	if (length < 0)
		return error_errno(err, errno, "%s: reading", path);
	buffer_append(&content, "", 0);
	*ret_content = content;
	content = (struct buffer){0};
	return 0;
}

int file_write(int directory, const char *path, const void *data, size_t length, mode_t mode,
	struct error *err)
{
	cleanup_fd int fd = openat(
		directory, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);

	if (fd < 0)
		return error_errno(err, errno, "%s", path);
	if (file_write_all(fd, data, length, err))
		return error_wrap(err, "%s", path);
	if (fchmod(fd, mode))
		return error_errno(err, errno, "%s: setting its mode", path);
	return 0;
}

int file_write_text(
	int directory, const char *path, const char *text, mode_t mode, struct error *err)
{
	return file_write(directory, path, text, strlen(text), mode, err);
}

int file_tell(int directory, const char *path, const char *text, struct error *err)
{
	cleanup_fd int fd = openat(directory, path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		return error_errno(err, errno, "%s", path);
	return 0;
}

int file_replace(const char *path, const void *data, size_t length, struct error *err)
{
	cleanup_free char *beside = xasprintf("%s.%d.part", path, getpid());

	if (file_write(AT_FDCWD, beside, data, length, 0644, err))
		goto failed;
	if (rename(beside, path)) {
		error_errno(err, errno, "%s: renaming into place", path);
		goto failed;
	}
	return 0;
failed:
	unlink(beside);
	return -1;
}

int file_read_at(int fd, uint64_t offset, void *data, size_t length, struct error *err)
{
	while (length) {
		ssize_t got = pread(fd, data, length, offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_errno(
				err, errno, "reading at byte %llu", (unsigned long long)offset);
		if (!got)
			return error_set(err, STATUS_FAILED,
				"the file ends at byte %llu, %zu bytes early",
				(unsigned long long)offset, length);
		data = (char *)data + got;
		offset += got;
		length -= got;
	}
	return 0;
}

int file_write_at(int fd, uint64_t offset, const void *data, size_t length, struct error *err)
{
	while (length) {
		ssize_t put = pwrite(fd, data, length, offset);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return error_errno(err, errno, "writing");
		data = (const char *)data + put;
		offset += put;
		length -= put;
	}
	return 0;
}

int file_write_all(int fd, const void *data, size_t length, struct error *err)
{
	while (length) {
		ssize_t put = write(fd, data, length);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return error_errno(err, errno, "writing");
		data = (const char *)data + put;
		length -= put;
	}
	return 0;
}

int file_copy(int from, int to, struct error *err)
{
	enum { AT_ONCE = 1 << 30, BLOCK = 128 * 1024 };
	bool by_kernel = true;
	cleanup_free char *block = NULL;

	if (!ioctl(to, FICLONE, from))
		return 0;
	for (;;) {
		ssize_t length = by_kernel ? copy_file_range(from, NULL, to, NULL, AT_ONCE, 0)
					   : read(from, block, BLOCK);
		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0 && by_kernel && errno != ENOSPC && errno != EIO) {
			by_kernel = false;
			block = xmalloc(BLOCK);
			continue;
		}
		if (length < 0)
			return error_errno(err, errno, "copying");
		if (!length)
			return 0;
		if (!by_kernel && file_write_all(to, block, length, err))
			return -1;
	}
}

bool file_exists(int directory, const char *path)
{
	struct stat status;

	return !fstatat(directory, path, &status, AT_SYMLINK_NOFOLLOW);
}

static bool is_directory(int directory, const char *path)
{
	struct stat status;

	return !fstatat(directory, path, &status, 0) && S_ISDIR(status.st_mode);
}

int directory_make(int directory, const char *path, struct error *err)
{
	cleanup_free char *partial = xstrdup(path);

	for (char *at = partial + 1; *partial; at++) {
		if (*at && *at != '/')
			continue;
		char saved = *at;
		*at = '\0';
		if (mkdirat(directory, partial, 0755) && errno != EEXIST)
			return error_errno(err, errno, "%s: making the directory", partial);
		if (!saved && !is_directory(directory, partial))
			return error_errno(err, ENOTDIR, "%s: making the directory", partial);
		*at = saved;
		if (!saved)
			break;
	}
	return 0;
}

/* Empties the directory behind `fd`, which it closes. */
static int directory_empty(int fd, struct error *err)
{
	cleanup_directory DIR *stream = fdopendir(fd);
	struct dirent *entry;

	if (!stream) {
		close(fd);
		return error_errno(err, errno, "reading a directory");
	}
	fchmod(fd, 0700); /* its mode may forbid what follows; where that fails, so does removing */
	while ((entry = readdir(stream))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (tree_remove(dirfd(stream), entry->d_name, err))
			return -1;
	}
	return 0;
}

int tree_remove(int directory, const char *path, struct error *err)
{
	if (!unlinkat(directory, path, 0) || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return error_errno(err, errno, "%s: removing", path);
	int fd = openat(directory, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == EACCES && !fchmodat(directory, path, 0700, 0))
		fd = openat(directory, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, errno, "%s: removing", path);
	if (directory_empty(fd, err))
		return error_wrap(err, "%s", path);
	if (unlinkat(directory, path, AT_REMOVEDIR))
		return error_errno(err, errno, "%s: removing", path);
	return 0;
}

int work_directory_make(
	const char *parent, const char *name, struct work_directory *ret_work, struct error *err)
{
	char *path = xasprintf("%s/%s.XXXXXX", parent, name);

	if (!mkdtemp(path)) {
		error_errno(err, errno, "%s: making a work directory", path);
		free(path);
		return -1;
	}
	*ret_work = (struct work_directory){.path = path};
	return 0;
}

void work_directory_release(struct work_directory *work)
{
	struct error ignored = {0};

	if (work->path)
		tree_remove(AT_FDCWD, work->path, &ignored);
	error_release(&ignored);
	free(work->path);
	if (work->lock > 0)
		close(work->lock);
	*work = (struct work_directory){0};
}

char *program_find(const char *name)
{
	const char *path = getenv("PATH");

	/* Administration programs are not on an ordinary user's PATH in Debian. */
	cleanup_free char *all = xasprintf("%s:/usr/sbin:/sbin", path ? path : "/usr/bin:/bin");
	for (char *rest = all, *directory; (directory = strsep(&rest, ":"));) {
		char *candidate = xasprintf("%s/%s", *directory ? directory : ".", name);
		if (!access(candidate, X_OK) && !is_directory(AT_FDCWD, candidate))
			return candidate;
		free(candidate);
	}
	return NULL;
}
