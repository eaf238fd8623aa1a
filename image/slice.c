#include "slice.h"

#include "base/cleanup.h"
#include "base/interrupt.h"
#include "base/memory.h"
#include "base/size.h"
#include "host-file.h"

static int check_range(
	const struct slice *slice, uint64_t offset, uint64_t length, struct error *err)
{
	if (offset <= slice->length && length <= slice->length - offset)
		return 0;
	return error_set(err, STATUS_FAILED,
		"%llu bytes at byte %llu: outside the partition of %llu bytes",
		(unsigned long long)length, (unsigned long long)offset,
		(unsigned long long)slice->length);
}

int slice_read(
	const struct slice *slice, uint64_t offset, void *data, uint64_t length, struct error *err)
{
	if (check_range(slice, offset, length, err))
		return -1;
	return disk_read(slice->disk, slice->start + offset, data, length, err);
}

int slice_write(const struct slice *slice, uint64_t offset, const void *data, uint64_t length,
	struct error *err)
{
	if (check_range(slice, offset, length, err))
		return -1;
	return disk_write(slice->disk, slice->start + offset, data, length, err);
}

int slice_zero(const struct slice *slice, uint64_t offset, uint64_t length, struct error *err)
{
	if (check_range(slice, offset, length, err))
		return -1;
	return disk_zero(slice->disk, slice->start + offset, length, err);
}

static int copy_data(
	const struct slice *slice, int fd, uint64_t start, uint64_t end, struct error *err)
{
	enum { AT_ONCE = 256 * KIB };
	cleanup_free uint8_t *data = xmalloc(AT_ONCE);

	for (uint64_t offset = start, piece; offset < end; offset += piece) {
		piece = end - offset < AT_ONCE ? end - offset : AT_ONCE;
		if (interrupt_check(err) || host_file_read(fd, offset, data, piece, err) ||
			slice_write(slice, offset, data, piece, err))
			return -1;
	}
	return 0;
}

int slice_copy_file(const struct slice *slice, const char *path, struct error *err)
{
	cleanup_fd int fd = -1;
	uint64_t size;

	if (host_file_open(path, false, &fd, &size, err))
		return error_wrap(err, "%s", path);
	if (size > slice->length)
		return error_set(err, STATUS_FAILED,
			"%s: its %llu bytes do not fit the partition of %llu bytes", path,
			(unsigned long long)size, (unsigned long long)slice->length);
	for (uint64_t offset = 0, run; offset < size; offset += run) {
		bool data = host_file_has_data(fd, offset, size - offset, &run);
		if (data ? copy_data(slice, fd, offset, offset + run, err)
			 : slice_zero(slice, offset, run, err))
			return error_wrap(err, "%s: copying", path);
	}
	return 0;
}
