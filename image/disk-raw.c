/* raw: the disk's bytes, one by one; zeros are holes in the file. */
#include "disk.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/size.h"
#include "host-file.h"

struct raw {
	struct disk disk;
	int fd; /* owned */
};

static struct raw *raw_of(struct disk *disk)
{
	return (struct raw *)disk;
}

static struct disk *raw_new(int fd, uint64_t size, bool writable)
{
	struct raw *raw = xmalloc(sizeof(*raw));

	*raw = (struct raw){
		.disk = {.driver = &disk_raw,
			.size = size,
			.block = HOST_FILE_BLOCK,
			.writable = writable},
		.fd = fd,
	};
	return &raw->disk;
}

static int raw_create(const struct disk_options *options, struct disk **ret_disk, struct error *err)
{
	int fd;

	if (host_file_create(options->path, options->size, &fd, err))
		return -1;
	*ret_disk = raw_new(fd, options->size, true);
	return 0;
}

static bool raw_recognize(const struct disk_ends *ends)
{
	(void)ends;
	return true;
}

static int raw_open(const char *path, bool writable, struct disk **ret_disk, struct error *err)
{
	int fd;
	uint64_t file_size;

	if (host_file_open(path, writable, &fd, &file_size, err))
		return -1;
	*ret_disk = raw_new(fd, round_up(file_size, 512), writable);
	return 0;
}

static int raw_read(
	struct disk *disk, uint64_t offset, void *data, uint64_t length, struct error *err)
{
	return host_file_read(raw_of(disk)->fd, offset, data, length, err);
}

static int raw_write(
	struct disk *disk, uint64_t offset, const void *data, uint64_t length, struct error *err)
{
	return file_write_at(raw_of(disk)->fd, offset, data, length, err);
}

static int raw_zero(struct disk *disk, uint64_t offset, uint64_t length, struct error *err)
{
	return host_file_zero(raw_of(disk)->fd, offset, length, err);
}

static bool raw_has_data(struct disk *disk, uint64_t offset, uint64_t length, uint64_t *ret_length)
{
	return host_file_has_data(raw_of(disk)->fd, offset, length, ret_length);
}

static void raw_free(struct disk *disk)
{
	close(raw_of(disk)->fd);
	free(disk);
}

const struct disk_driver disk_raw = {
	.name = "raw",
	.family = "raw",
	.suffix = "img",
	.summary = "the bytes of the disk, zeros as holes",
	.abilities = DISK_CHANGES_OPENED,
	.create = raw_create,
	.recognize = raw_recognize,
	.open = raw_open,
	.read = raw_read,
	.write = raw_write,
	.zero = raw_zero,
	.has_data = raw_has_data,
	.free = raw_free,
};
