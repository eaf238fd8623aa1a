/* VHD, dynamic: grows with its data. */
#include "disk-vhd.h"

#include <endian.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/memory.h"
#include "base/size.h"
#include "blocks.h"
#include "host-file.h"

enum {
	VHD_BLOCK = 2 * MIB, /* of those that we write, and the largest that we read */
	VHD_BLOCK_MIN = 4096,
	/* Where and how we write: a bitmap of one sector before each block, which itself begins at
	 * a page of the host's file, so that holes in the one are holes in the other. */
	VHD_HEADER_AT = VHD_SECTOR,
	VHD_TABLE_AT = 3 * VHD_SECTOR,
	VHD_BITMAP = VHD_BLOCK / VHD_SECTOR / 8,
	VHD_HEAD = HOST_FILE_BLOCK,
};
#define VHD_UNUSED 0xffffffffu /* in the table: a block that was never written */

struct vhd_header {
	char cookie[8];
	uint64_t next, table_at;
	uint32_t version, blocks, block_size, checksum;
	uint8_t parent[728], reserved[256]; /* of differences to another image */
} __attribute__((packed));
_Static_assert(sizeof(struct vhd_header) == 2 * VHD_SECTOR, "a dynamic VHD header");

static const char cookie[8] = {'c', 'x', 's', 'p', 'a', 'r', 's', 'e'};

struct vhd {
	struct blocks blocks;
	struct vhd_footer footer; /* of a disk being created */
	uint64_t table_at;
	struct blocks_window window;
};

static struct vhd *vhd_of(struct disk *disk)
{
	return (struct vhd *)disk;
}

static uint32_t header_checksum(const struct vhd_header *header)
{
	return vhd_checksum(header, sizeof(*header), offsetof(struct vhd_header, checksum));
}

/* Of the bitmap before a block: one bit a sector, filled up to whole sectors. */
static uint32_t bitmap_size(uint32_t block_size)
{
	return round_up(block_size / VHD_SECTOR / 8, VHD_SECTOR);
}

static uint64_t table_size(uint64_t blocks)
{
	return round_up(blocks * sizeof(uint32_t), VHD_SECTOR);
}

static int vhd_create(const struct disk_options *options, struct disk **ret_disk, struct error *err)
{
	struct vhd *vhd = xcalloc(1, sizeof(*vhd));
	uint64_t count = divide_up(options->size, VHD_BLOCK);
	uint64_t table_end = VHD_TABLE_AT + table_size(count);

	*vhd = (struct vhd){
		.blocks = {.disk = {.driver = &disk_vhd, .size = options->size},
			.size = VHD_BLOCK,
			.head = VHD_HEAD},
		.footer = vhd_footer_make(options, VHD_DYNAMIC),
		.table_at = VHD_TABLE_AT,
	};
	if (blocks_create(&vhd->blocks, options->path, round_up(table_end, HOST_FILE_BLOCK), err)) {
		free(vhd);
		return -1;
	}
	*ret_disk = &vhd->blocks.disk;
	return 0;
}

/* Writes the table, and the bitmap of every block that it names. */
static int write_table(struct vhd *vhd, struct error *err)
{
	const struct blocks *blocks = &vhd->blocks;
	uint64_t count = table_size(blocks_count(blocks)) / sizeof(uint32_t);
	uint8_t bitmap[VHD_BITMAP];
	uint32_t entries[VHD_SECTOR / sizeof(uint32_t)];

	memset(bitmap, 0xff, sizeof(bitmap));
	for (uint64_t first = 0; first < count; first += array_count(entries)) {
		memset(entries, 0xff, sizeof(entries));
		for (size_t i = 0; i < array_count(entries); i++) {
			bool exists = first + i < blocks_count(blocks);
			uint64_t place = exists ? blocks_place(blocks, first + i) : 0;
			if (!place)
				continue;
			place -= sizeof(bitmap);
			entries[i] = htobe32(place / VHD_SECTOR);
			if (file_write_at(blocks->fd, place, bitmap, sizeof(bitmap), err))
				return -1;
		}
		if (interrupt_check(err) ||
			file_write_at(blocks->fd, vhd->table_at + first * sizeof(*entries), entries,
				sizeof(entries), err))
			return -1;
	}
	return 0;
}

static int vhd_finish(struct disk *disk, struct error *err)
{
	struct vhd *vhd = vhd_of(disk);
	const struct blocks *blocks = &vhd->blocks;
	const struct vhd_footer *footer = &vhd->footer;
	struct vhd_header header = {
		.next = VHD_NOWHERE,
		.table_at = htobe64(vhd->table_at),
		.version = htobe32(0x00010000),
		.blocks = htobe32(blocks_count(blocks)),
		.block_size = htobe32(VHD_BLOCK),
	};

	memcpy(header.cookie, cookie, sizeof(cookie));
	header.checksum = header_checksum(&header);
	if (write_table(vhd, err) ||
		file_write_at(blocks->fd, VHD_HEADER_AT, &header, sizeof(header), err) ||
		file_write_at(blocks->fd, 0, footer, sizeof(*footer), err))
		return -1;
	return file_write_at(blocks->fd, blocks->end, footer, sizeof(*footer), err);
}

static bool vhd_recognize(const struct disk_ends *ends)
{
	return vhd_footer_valid(ends->head, VHD_DYNAMIC);
}

#define wrong(err, ...) error_set(err, STATUS_FAILED, "VHD header: " __VA_ARGS__)

static int read_header(int fd, const struct vhd_footer *footer, uint64_t file_size,
	struct vhd_header *header, struct error *err)
{
	if (footer->next > file_size)
		return error_set(err, STATUS_FAILED,
			"VHD footer: byte 16: a header at byte 0x%llx of a file of %llu bytes",
			(unsigned long long)footer->next, (unsigned long long)file_size);
	if (host_file_read(fd, footer->next, header, sizeof(*header), err))
		return -1;
	if (memcmp(header->cookie, cookie, sizeof(cookie)) ||
		header->checksum != header_checksum(header))
		return wrong(err, "byte 0x%llx of the file: no signature, or a wrong checksum",
			(unsigned long long)footer->next);
	header->table_at = be64toh(header->table_at);
	header->blocks = be32toh(header->blocks);
	header->block_size = be32toh(header->block_size);
	if (header->block_size < VHD_BLOCK_MIN || header->block_size > VHD_BLOCK ||
		header->block_size & (header->block_size - 1))
		return wrong(err, "byte 32: blocks of %u bytes: not a power of two from 4K to 2M",
			header->block_size);
	if (divide_up(footer->size, header->block_size) > header->blocks)
		return wrong(err, "byte 28: %u blocks for a disk of %llu bytes", header->blocks,
			(unsigned long long)footer->size);
	if (header->table_at > file_size ||
		header->blocks * (uint64_t)sizeof(uint32_t) > file_size - header->table_at)
		return wrong(err, "byte 16: a table of %u blocks at byte 0x%llx of a file of %llu",
			header->blocks, (unsigned long long)header->table_at,
			(unsigned long long)file_size);
	return 0;
}

static int vhd_find(struct blocks *blocks, uint64_t block, uint64_t *ret_place, struct error *err)
{
	struct vhd *vhd = vhd_of(&blocks->disk);
	uint32_t entry;

	if (blocks_entry(blocks->fd, &vhd->window, vhd->table_at, block, &entry, err))
		return -1;
	*ret_place = entry == VHD_UNUSED ? 0 : be32toh(entry) * (uint64_t)VHD_SECTOR + blocks->head;
	return 0;
}

static int vhd_open(const char *path, bool writable, struct disk **ret_disk, struct error *err)
{
	cleanup_fd int fd = -1;
	struct vhd_footer footer;
	struct vhd_header header;
	uint64_t file_size;

	(void)writable;
	if (host_file_open(path, false, &fd, &file_size, err) ||
		vhd_footer_read(fd, 0, &footer, err) ||
		read_header(fd, &footer, file_size, &header, err))
		return -1;
	struct vhd *vhd = xcalloc(1, sizeof(*vhd));
	*vhd = (struct vhd){
		.blocks = {.disk = {.driver = &disk_vhd,
				   .size = footer.size,
				   .block = HOST_FILE_BLOCK},
			.fd = steal_fd(&fd),
			.size = header.block_size,
			.head = bitmap_size(header.block_size),
			.end = file_size,
			.find = vhd_find},
		.table_at = header.table_at,
	};
	*ret_disk = &vhd->blocks.disk;
	return 0;
}

const struct disk_driver disk_vhd = {
	.name = "vhd",
	.family = "vpc",
	.suffix = "vhd",
	.summary = "VHD that grows with its data: Hyper-V's older format",
	.size_max = VHD_SIZE_MAX,
	.create = vhd_create,
	.recognize = vhd_recognize,
	.open = vhd_open,
	.read = blocks_read,
	.write = blocks_write,
	.zero = blocks_zero,
	.has_data = blocks_has_data,
	.finish = vhd_finish,
	.free = blocks_free,
};
