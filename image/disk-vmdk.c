/* VMDK, monolithicSparse. */
#include "disk-vmdk.h"

#include <endian.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/memory.h"
#include "base/size.h"
#include "host-file.h"

_Static_assert((int)BLOCKS_WINDOW == (int)VMDK_TABLE, "a piece of the places is a table");

struct vmdk {
	struct blocks blocks;
	struct uuid id;            /* of a disk being created */
	struct vmdk_tables tables; /* of an opened one */
};

static struct vmdk *vmdk_of(struct disk *disk)
{
	return (struct vmdk *)disk;
}

static uint64_t table_count(uint64_t size)
{
	return divide_up(size, (uint64_t)VMDK_GRAIN * VMDK_TABLE);
}

static uint64_t directory_sectors(uint64_t size)
{
	return divide_up(table_count(size) * sizeof(uint32_t), VMDK_SECTOR);
}

/* Of a directory with its tables. */
static uint64_t tables_sectors(uint64_t size)
{
	return directory_sectors(size) +
	       table_count(size) * (VMDK_TABLE * sizeof(uint32_t) / VMDK_SECTOR);
}

enum { BACKUP_AT = VMDK_DESCRIPTOR_AT + VMDK_DESCRIPTOR_SIZE };

static uint64_t first_grain(uint64_t size)
{
	return round_up((BACKUP_AT + 2 * tables_sectors(size)) * VMDK_SECTOR, VMDK_GRAIN);
}

static int vmdk_create(
	const struct disk_options *options, struct disk **ret_disk, struct error *err)
{
	struct vmdk *vmdk = xcalloc(1, sizeof(*vmdk));

	*vmdk = (struct vmdk){
		.blocks = {.disk = {.driver = &disk_vmdk, .size = options->size},
			.size = VMDK_GRAIN},
		.id = options->id,
	};
	if (blocks_create(&vmdk->blocks, options->path, first_grain(options->size), err)) {
		free(vmdk);
		return -1;
	}
	*ret_disk = &vmdk->blocks.disk;
	return 0;
}

/* Writes a directory and its tables from a sector on; tables of zeros are left to be holes. */
static int write_tables(const struct blocks *blocks, uint64_t sector, struct error *err)
{
	uint64_t count = table_count(blocks->disk.size);
	uint64_t first = sector + directory_sectors(blocks->disk.size);
	cleanup_free uint32_t *directory = xcalloc(count, sizeof(*directory));
	uint32_t table[VMDK_TABLE];

	for (uint64_t i = 0; i < count; i++) {
		uint64_t at = first + i * (sizeof(table) / VMDK_SECTOR);
		directory[i] = htole32(at);
		if (!blocks->places[i])
			continue;
		for (unsigned k = 0; k < VMDK_TABLE; k++)
			table[k] = htole32(blocks->places[i][k] / VMDK_SECTOR);
		if (interrupt_check(err) ||
			file_write_at(blocks->fd, at * VMDK_SECTOR, table, sizeof(table), err))
			return -1;
	}
	return file_write_at(
		blocks->fd, sector * VMDK_SECTOR, directory, count * sizeof(*directory), err);
}

static int vmdk_finish(struct disk *disk, struct error *err)
{
	struct vmdk *vmdk = vmdk_of(disk);
	const struct blocks *blocks = &vmdk->blocks;
	uint64_t directory_at = BACKUP_AT + tables_sectors(disk->size);
	struct vmdk_header header = vmdk_header_make(disk->size);
	cleanup_free char *descriptor = vmdk_descriptor("monolithicSparse", disk->size, &vmdk->id);

	header.flags |= htole32(VMDK_BACKUP);
	header.backup_at = htole64(BACKUP_AT);
	header.directory_at = htole64(directory_at);
	header.overhead = htole64(first_grain(disk->size) / VMDK_SECTOR);
	if (write_tables(blocks, BACKUP_AT, err) || write_tables(blocks, directory_at, err) ||
		vmdk_write_descriptor(blocks->fd, 0, descriptor, err) ||
		file_write_at(blocks->fd, 0, &header, sizeof(header), err))
		return -1;
	return host_file_set_size(blocks->fd, blocks->end, err);
}

static bool is_sparse(const struct disk_ends *ends)
{
	return vmdk_recognize(ends, 0);
}

static int find_grain(struct blocks *blocks, uint64_t block, uint64_t *ret_place, struct error *err)
{
	return vmdk_find(&vmdk_of(&blocks->disk)->tables, block, ret_place, err);
}

static int vmdk_open(const char *path, bool writable, struct disk **ret_disk, struct error *err)
{
	cleanup_fd int fd = -1;
	struct vmdk_tables tables;
	uint64_t file_size;

	(void)writable;
	if (host_file_open(path, false, &fd, &file_size, err) ||
		vmdk_tables_open(fd, file_size, &tables, err))
		return -1;
	struct vmdk *vmdk = xcalloc(1, sizeof(*vmdk));
	*vmdk = (struct vmdk){
		.blocks = {.disk = {.driver = &disk_vmdk,
				   .size = tables.size,
				   .block = HOST_FILE_BLOCK},
			.fd = steal_fd(&fd),
			.size = tables.grain,
			.end = file_size,
			.find = find_grain},
		.tables = tables,
	};
	*ret_disk = &vmdk->blocks.disk;
	return 0;
}

const struct disk_driver disk_vmdk = {
	.name = "vmdk",
	.family = "vmdk",
	.suffix = "vmdk",
	.summary = "VMware's format for running machines: grows with its data",
	.size_max = VMDK_SIZE_MAX,
	.create = vmdk_create,
	.recognize = is_sparse,
	.open = vmdk_open,
	.read = blocks_read,
	.write = blocks_write,
	.zero = blocks_zero,
	.has_data = blocks_has_data,
	.finish = vmdk_finish,
	.free = blocks_free,
};
