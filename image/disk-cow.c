/*
 * COW, the overlays of User Mode Linux, version 3 (arch/um/drivers/cow_user.c). Numbers are
 * big-endian but for the map, whose bits count from the lowest of each byte.
 *
 *     header | map: a bit for each sector that is here and not below | sectors
 *
 * Each part begins at a multiple of 4096.
 * UML takes no backing file whose length or time differ from those in the header, and its map is
 * too short by up to a byte unless the length is a multiple of eight sectors.
 */
#include <endian.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/size.h"
#include "disk.h"
#include "host-file.h"

enum { COW_SECTOR = 512, COW_ALIGN = 4096, COW_VERSION = 3, COW_NAME = 4096, COW_MAP = 8192 };
#define COW_SIZES   (8ull * COW_SECTOR) /* the disk's size is a multiple */
#define COW_TOO_BIG (1ull << 44)        /* 16 TiB: a map of 4 GiB */

struct cow_header {
	char magic[4];
	uint32_t version;
	uint32_t backing_time; /* seconds */
	uint64_t size;
	uint32_t sector, align;
	uint32_t format; /* 0: bits */
	char backing_name[COW_NAME];
} __attribute__((packed));
_Static_assert(sizeof(struct cow_header) == 32 + COW_NAME, "a COW header");
_Static_assert(COW_MAP >= sizeof(struct cow_header), "the map is behind the header");
static const char magic[4] = {'O', 'O', 'O', 'M'};

struct cow {
	struct disk disk;
	int fd; /* owned */
	uint64_t data_at;
	uint8_t *map; /* owned */
};

static struct cow *cow_of(struct disk *disk)
{
	return (struct cow *)disk;
}

static uint64_t map_length(uint64_t size)
{
	return size / COW_SIZES;
}

static struct cow *cow_new(int fd, uint64_t size, const char *backing_name, bool writable)
{
	struct cow *cow = xcalloc(1, sizeof(*cow));

	*cow = (struct cow){
		.disk = {.driver = &disk_cow,
			.size = size,
			.block = COW_SECTOR,
			.writable = writable,
			.backing_name = xstrdup(backing_name)},
		.fd = fd,
		.data_at = round_up(COW_MAP + map_length(size), COW_ALIGN),
		.map = xcalloc(map_length(size), 1),
	};
	return cow;
}

static int write_header(const struct disk_options *options, int fd, struct error *err)
{
	struct cow_header header = {
		.version = htobe32(COW_VERSION),
		.size = htobe64(options->size),
		.sector = htobe32(COW_SECTOR),
		.align = htobe32(COW_ALIGN),
	};
	struct stat backing;

	if (stat(options->backing_name, &backing))
		return error_errno(err, errno, "%s", options->backing_name);
	memcpy(header.magic, magic, sizeof(magic));
	header.backing_time = htobe32((uint32_t)backing.st_mtime);
	memcpy(header.backing_name, options->backing_name, strlen(options->backing_name));
	return file_write_at(fd, 0, &header, sizeof(header), err);
}

static int check(const struct disk_options *options, struct error *err)
{
	if (!options->backing || options->backing->driver != &disk_raw)
		return error_set(err, STATUS_FAILED, "a COW file goes over a raw disk only");
	if (options->size != options->backing->size || options->size % COW_SIZES)
		return error_set(err, STATUS_FAILED,
			"a COW file is as large as the disk below, which is a multiple of %llu "
			"bytes: not %llu over %llu",
			COW_SIZES, (unsigned long long)options->size,
			(unsigned long long)options->backing->size);
	if (strlen(options->backing_name) >= COW_NAME || options->backing_name[0] != '/')
		return error_set(err, STATUS_FAILED,
			"a COW file names the disk below by an absolute path of less than %d bytes",
			COW_NAME);
	return 0;
}

static int cow_create(const struct disk_options *options, struct disk **ret_disk, struct error *err)
{
	cleanup_fd int fd = -1;

	if (check(options, err) || host_file_create(options->path, 0, &fd, err))
		return -1;
	if (write_header(options, fd, err)) {
		unlink(options->path);
		return -1;
	}
	struct cow *cow = cow_new(steal_fd(&fd), options->size, options->backing_name, true);
	cow->disk.backing = options->backing;
	if (host_file_set_size(cow->fd, cow->data_at + options->size, err)) {
		disk_free(&cow->disk);
		unlink(options->path);
		return -1;
	}
	*ret_disk = &cow->disk;
	return 0;
}

static bool cow_recognize(const struct disk_ends *ends)
{
	uint32_t version;

	memcpy(&version, ends->head + sizeof(magic), sizeof(version));
	return !memcmp(ends->head, magic, sizeof(magic)) && be32toh(version) == COW_VERSION;
}

static int cow_open(const char *path, bool writable, struct disk **ret_disk, struct error *err)
{
	cleanup_fd int fd = -1;
	struct cow_header header;
	uint64_t file_size;

	if (host_file_open(path, writable, &fd, &file_size, err) ||
		host_file_read(fd, 0, &header, sizeof(header), err))
		return -1;
	uint64_t size = be64toh(header.size);
	if (be32toh(header.sector) != COW_SECTOR || be32toh(header.align) != COW_ALIGN ||
		header.format)
		return error_set(err, STATUS_FAILED,
			"COW header: jeos reads sectors of 512 bytes, aligned to 4096");
	if (!size || size % COW_SIZES || size > COW_TOO_BIG || size / COW_SIZES > file_size)
		return error_set(err, STATUS_FAILED, "COW header: a disk of %llu bytes",
			(unsigned long long)size);
	if (!header.backing_name[0] || !memchr(header.backing_name, '\0', COW_NAME))
		return error_set(err, STATUS_FAILED, "COW header: no backing file");
	struct cow *cow = cow_new(steal_fd(&fd), size, header.backing_name, writable);
	cow->disk.backing_format = xstrdup(disk_raw.name);
	if (host_file_read(cow->fd, COW_MAP, cow->map, map_length(size), err)) {
		disk_free(&cow->disk);
		return -1;
	}
	*ret_disk = &cow->disk;
	return 0;
}

static bool is_here(const struct cow *cow, uint64_t sector)
{
	return cow->map[sector / 8] >> sector % 8 & 1;
}

static bool cow_has_data(struct disk *disk, uint64_t offset, uint64_t length, uint64_t *ret_length)
{
	const struct cow *cow = cow_of(disk);
	uint64_t end = offset + length, at = offset;
	bool here = is_here(cow, offset / COW_SECTOR);

	while (at < end && is_here(cow, at / COW_SECTOR) == here)
		at = round_up(at + 1, COW_SECTOR);
	*ret_length = (at < end ? at : end) - offset;
	if (here)
		return host_file_has_data(cow->fd, cow->data_at + offset, *ret_length, ret_length);
	return disk_has_data(disk->backing, offset, *ret_length, ret_length);
}

static int cow_read(
	struct disk *disk, uint64_t offset, void *data, uint64_t length, struct error *err)
{
	const struct cow *cow = cow_of(disk);

	while (length) {
		uint64_t piece = COW_SECTOR - offset % COW_SECTOR;
		bool here = is_here(cow, offset / COW_SECTOR);
		while (piece < length && is_here(cow, (offset + piece) / COW_SECTOR) == here)
			piece += COW_SECTOR;
		if (piece > length)
			piece = length;
		if (here ? host_file_read(cow->fd, cow->data_at + offset, data, piece, err)
			 : disk_read(disk->backing, offset, data, piece, err))
			return -1;
		data = (uint8_t *)data + piece;
		offset += piece;
		length -= piece;
	}
	return 0;
}

/* Brings the sector up here if only a part of it is about to be written. */
static int bring(struct cow *cow, uint64_t offset, struct error *err)
{
	uint64_t start = offset - offset % COW_SECTOR;
	uint8_t sector[COW_SECTOR];

	if (start == offset || is_here(cow, offset / COW_SECTOR))
		return 0;
	if (disk_read(cow->disk.backing, start, sector, sizeof(sector), err))
		return -1;
	return file_write_at(cow->fd, cow->data_at + start, sector, sizeof(sector), err);
}

/* Makes the range ours, what it does not fill of its first and last sector included. */
static int claim(struct cow *cow, uint64_t offset, uint64_t length, struct error *err)
{
	if (bring(cow, offset, err) || bring(cow, offset + length, err))
		return -1;
	for (uint64_t at = offset / COW_SECTOR; at < divide_up(offset + length, COW_SECTOR); at++)
		cow->map[at / 8] |= 1u << at % 8;
	return 0;
}

static int cow_write(
	struct disk *disk, uint64_t offset, const void *data, uint64_t length, struct error *err)
{
	struct cow *cow = cow_of(disk);

	if (claim(cow, offset, length, err))
		return -1;
	return file_write_at(cow->fd, cow->data_at + offset, data, length, err);
}

static int cow_zero(struct disk *disk, uint64_t offset, uint64_t length, struct error *err)
{
	struct cow *cow = cow_of(disk);

	if (claim(cow, offset, length, err))
		return -1;
	return host_file_zero(cow->fd, cow->data_at + offset, length, err);
}

static int cow_finish(struct disk *disk, struct error *err)
{
	const struct cow *cow = cow_of(disk);

	return file_write_at(cow->fd, COW_MAP, cow->map, map_length(disk->size), err);
}

static void cow_free(struct disk *disk)
{
	struct cow *cow = cow_of(disk);

	close(cow->fd);
	free(cow->map);
	free(cow);
}

const struct disk_driver disk_cow = {
	.name = "cow",
	.family = "cow",
	.suffix = "cow",
	.summary = "User Mode Linux's overlays",
	.abilities = DISK_HAS_BACKING | DISK_CHANGES_OPENED,
	.create = cow_create,
	.recognize = cow_recognize,
	.open = cow_open,
	.read = cow_read,
	.write = cow_write,
	.zero = cow_zero,
	.has_data = cow_has_data,
	.finish = cow_finish,
	.free = cow_free,
};
