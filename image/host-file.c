#include "host-file.h"

#include <errno.h>
#include <stdlib.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/file.h"

int host_file_set_size(int fd, uint64_t size, struct error *err)
{
	if (ftruncate(fd, size))
		return error_errno(
			err, errno, "giving the file %llu bytes", (unsigned long long)size);
	return 0;
}

int host_file_create(const char *path, uint64_t size, int *ret_fd, struct error *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0)
		return error_errno(err, errno, "making the file");
	if (host_file_set_size(fd, size, err)) {
		unlink(path);
		close(fd);
		return -1;
	}
	*ret_fd = fd;
	return 0;
}

/* Where files without a name cannot be made, the name is taken away at once. */
int host_file_nameless(const char *beside, int *ret_fd, struct error *err)
{
	cleanup_free char *path = xasprintf("%s.XXXXXX", beside);
	const char *slash = strrchr(beside, '/');
	cleanup_free char *directory = slash ? xstrndup(beside, slash - beside + 1) : xstrdup(".");
	int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0) {
		fd = mkostemp(path, O_CLOEXEC);
		if (fd < 0)
			return error_errno(err, errno, "making a temporary file in %s", directory);
		unlink(path);
	}
	*ret_fd = fd;
	return 0;
}

int host_file_open(
	const char *path, bool writable, int *ret_fd, uint64_t *ret_size, struct error *err)
{
	cleanup_fd int fd =
		open(path, (writable ? O_RDWR : O_RDONLY) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat status;

	if (fd < 0)
		return error_errno(err, errno, "opening");
	if (fstat(fd, &status))
		return error_errno(err, errno, "opening");
	if (!S_ISREG(status.st_mode))
		return error_set(err, STATUS_FAILED, "not a regular file");
	*ret_fd = steal_fd(&fd);
	*ret_size = status.st_size;
	return 0;
}

int host_file_read(int fd, uint64_t offset, void *data, uint64_t length, struct error *err)
{
	uint8_t *bytes = data;

	while (length) {
		ssize_t got = pread(fd, bytes, length, offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_errno(
				err, errno, "reading at byte %llu", (unsigned long long)offset);
		if (!got) {
			memset(bytes, 0, length);
			return 0;
		}
		bytes += got;
		offset += got;
		length -= got;
	}
	return 0;
}

int host_file_zero(int fd, uint64_t offset, uint64_t length, struct error *err)
{
	static const uint8_t zeros[64 * 1024];

	while (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length)) {
		if (errno == EINTR)
			continue;
		if (errno != EOPNOTSUPP && errno != ENOSYS)
			return error_errno(err, errno, "punching a hole");
		for (uint64_t done = 0, piece; done < length; done += piece) {
			piece = length - done < sizeof(zeros) ? length - done : sizeof(zeros);
			if (file_write_at(fd, offset + done, zeros, piece, err))
				return -1;
		}
		return 0;
	}
	return 0;
}

bool host_file_has_data(int fd, uint64_t offset, uint64_t length, uint64_t *ret_length)
{
	off_t data = lseek(fd, offset, SEEK_DATA);
	bool here = data == (off_t)offset || (data < 0 && errno != ENXIO);
	off_t end = here ? lseek(fd, offset, SEEK_HOLE) : data;

	*ret_length = end > (off_t)offset && end - offset < length ? end - offset : length;
	return here;
}
