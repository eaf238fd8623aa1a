/* VHDX: the driver, and making an image. */
#include "disk-vhdx.h"

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
	LOG_AT = MIB,
	METADATA_AT = 2 * MIB,
	TABLE_AT = 3 * MIB,
	BLOCK = MIB,
	PHYSICAL_SECTOR = 4096,
	USED = 4096, /* of the tables of regions and metadata; the rest is a hole */
	/* Of metadata items: of the disk, not the file; a reader must know it. */
	ITEM_OF_DISK = 2,
	ITEM_REQUIRED = 4,
};

struct vhdx {
	struct blocks blocks;
	struct uuid id;                /* of a disk being created */
	struct vhdx_geometry geometry; /* of an opened one */
	struct blocks_window window;
};

static struct vhdx *vhdx_of(struct disk *disk)
{
	return (struct vhdx *)disk;
}

static uint64_t table_length(const struct blocks *blocks)
{
	uint64_t entries = vhdx_table_entries(blocks_count(blocks), vhdx_chunk(VHDX_SECTOR, BLOCK));

	return round_up(entries * sizeof(uint64_t), MIB);
}

static int vhdx_create(
	const struct disk_options *options, struct disk **ret_disk, struct error *err)
{
	struct vhdx *vhdx = xcalloc(1, sizeof(*vhdx));
	struct blocks *blocks = &vhdx->blocks;

	*blocks = (struct blocks){
		.disk = {.driver = &disk_vhdx, .size = options->size}, .size = BLOCK};
	vhdx->id = options->id;
	if (blocks_create(blocks, options->path, TABLE_AT + table_length(blocks), err)) {
		free(vhdx);
		return -1;
	}
	*ret_disk = &blocks->disk;
	return 0;
}

static void derive(const struct vhdx *vhdx, const char *purpose, uint8_t ret_bytes[16])
{
	char seed[UUID_TEXT];

	uuid_format(&vhdx->id, seed);
	const struct uuid uuid = uuid_derive(seed, purpose);
	uuid_to_gpt(&uuid, ret_bytes);
}

/* Both headers, and both region tables. */
static int write_heads(const struct vhdx *vhdx, struct error *err)
{
	const struct vhdx_types types = vhdx_types();
	int fd = vhdx->blocks.fd;
	cleanup_free struct vhdx_regions *regions = xcalloc(1, sizeof(*regions));
	struct vhdx_header header = {.signature = {'h', 'e', 'a', 'd'},
		.version = htole16(1),
		.log_length = htole32(MIB),
		.log_at = htole64(LOG_AT)};

	derive(vhdx, "file write", header.file_write);
	derive(vhdx, "data write", header.data_write);
	*regions = (struct vhdx_regions){.signature = {'r', 'e', 'g', 'i'}, .count = htole32(2)};
	regions->items[0] = (struct vhdx_region){.at = htole64(TABLE_AT),
		.length = htole32(table_length(&vhdx->blocks)),
		.required = htole32(1)};
	regions->items[1] = (struct vhdx_region){
		.at = htole64(METADATA_AT), .length = htole32(MIB), .required = htole32(1)};
	memcpy(regions->items[0].type, types.block_table, sizeof(types.block_table));
	memcpy(regions->items[1].type, types.metadata, sizeof(types.metadata));
	regions->checksum = vhdx_checksum(regions, sizeof(*regions));
	for (unsigned i = 0; i < 2; i++) {
		header.sequence = htole64(i);
		header.checksum = vhdx_checksum(&header, sizeof(header));
		if (file_write_at(
			    fd, VHDX_HEADER_AT + i * VHDX_UNIT, &header, sizeof(header), err) ||
			file_write_at(fd, VHDX_REGIONS_AT + i * VHDX_UNIT, regions, USED, err))
			return -1;
	}
	return 0;
}

/* The items lie one behind the other, behind the table. */
static int write_metadata(const struct vhdx *vhdx, struct error *err)
{
	const struct vhdx_types types = vhdx_types();
	uint64_t parameters = htole64(BLOCK), size = htole64(vhdx->blocks.disk.size);
	uint32_t logical = htole32(VHDX_SECTOR), physical = htole32(PHYSICAL_SECTOR);
	uint8_t id[16];
	const struct {
		const uint8_t *type;
		const void *data;
		uint32_t length, flags;
	} items[] = {
		{types.file_parameters, &parameters, sizeof(parameters), ITEM_REQUIRED},
		{types.size, &size, sizeof(size), ITEM_REQUIRED | ITEM_OF_DISK},
		{types.id, id, sizeof(id), ITEM_REQUIRED | ITEM_OF_DISK},
		{types.logical_sector, &logical, sizeof(logical), ITEM_REQUIRED | ITEM_OF_DISK},
		{types.physical_sector, &physical, sizeof(physical), ITEM_REQUIRED | ITEM_OF_DISK},
	};
	cleanup_free struct vhdx_metadata *metadata = xcalloc(1, sizeof(*metadata));
	uint32_t at = sizeof(*metadata);

	uuid_to_gpt(&vhdx->id, id);
	memcpy(metadata->signature, "metadata", sizeof(metadata->signature));
	metadata->count = htole16(array_count(items));
	for (size_t i = 0; i < array_count(items); i++) {
		metadata->items[i] = (struct vhdx_item){.at = htole32(at),
			.length = htole32(items[i].length),
			.flags = htole32(items[i].flags)};
		memcpy(metadata->items[i].type, items[i].type, 16);
		if (file_write_at(
			    vhdx->blocks.fd, METADATA_AT + at, items[i].data, items[i].length, err))
			return -1;
		at += items[i].length;
	}
	return file_write_at(vhdx->blocks.fd, METADATA_AT, metadata, USED, err);
}

static int write_table(const struct blocks *blocks, struct error *err)
{
	uint64_t entries[VHDX_SECTOR], chunk = vhdx_chunk(VHDX_SECTOR, BLOCK), block = 0;
	uint64_t count = vhdx_table_entries(blocks_count(blocks), chunk);

	for (uint64_t first = 0; first < count; first += array_count(entries)) {
		memset(entries, 0, sizeof(entries));
		for (uint64_t i = first; i < first + array_count(entries) && i < count; i++) {
			bool is_bitmap = i % (chunk + 1) == chunk;
			uint64_t place = is_bitmap ? 0 : blocks_place(blocks, block++);
			if (place)
				entries[i - first] = htole64(place | VHDX_PRESENT);
		}
		if (interrupt_check(err) ||
			file_write_at(blocks->fd, TABLE_AT + first * sizeof(*entries), entries,
				sizeof(entries), err))
			return -1;
	}
	return 0;
}

static int vhdx_finish(struct disk *disk, struct error *err)
{
	const struct vhdx *vhdx = vhdx_of(disk);
	const struct blocks *blocks = &vhdx->blocks;

	if (write_table(blocks, err) || write_metadata(vhdx, err) || write_heads(vhdx, err) ||
		file_write_at(blocks->fd, 0, VHDX_SIGNATURE, strlen(VHDX_SIGNATURE), err))
		return -1;
	return host_file_set_size(blocks->fd, blocks->end, err);
}

static bool vhdx_recognize(const struct disk_ends *ends)
{
	return !memcmp(ends->head, VHDX_SIGNATURE, strlen(VHDX_SIGNATURE));
}

static int vhdx_find(struct blocks *blocks, uint64_t block, uint64_t *ret_place, struct error *err)
{
	struct vhdx *vhdx = vhdx_of(&blocks->disk);
	const struct vhdx_geometry *geometry = &vhdx->geometry;
	uint64_t index = block + block / geometry->chunk, entry;
	uint32_t low, high;

	if (blocks_entry(blocks->fd, &vhdx->window, geometry->table_at, 2 * index, &low, err) ||
		blocks_entry(
			blocks->fd, &vhdx->window, geometry->table_at, 2 * index + 1, &high, err))
		return -1;
	entry = (uint64_t)le32toh(high) << 32 | le32toh(low);
	if ((entry & VHDX_STATE) == VHDX_PARTLY)
		return error_set(err, STATUS_FAILED,
			"block table, entry %llu: 0x%llx: a part is in another image",
			(unsigned long long)index, (unsigned long long)entry);
	*ret_place = (entry & VHDX_STATE) == VHDX_PRESENT ? entry & VHDX_PLACE : 0;
	return 0;
}

static int vhdx_open(const char *path, bool writable, struct disk **ret_disk, struct error *err)
{
	cleanup_fd int fd = -1;
	struct vhdx_geometry geometry;
	uint64_t file_size;

	(void)writable;
	if (host_file_open(path, false, &fd, &file_size, err) ||
		vhdx_read_geometry(fd, file_size, &geometry, err))
		return -1;
	struct vhdx *vhdx = xcalloc(1, sizeof(*vhdx));
	*vhdx = (struct vhdx){
		.blocks = {.disk = {.driver = &disk_vhdx,
				   .size = geometry.size,
				   .block = HOST_FILE_BLOCK},
			.fd = steal_fd(&fd),
			.size = geometry.block_size,
			.end = file_size,
			.find = vhdx_find},
		.geometry = geometry,
	};
	*ret_disk = &vhdx->blocks.disk;
	return 0;
}

const struct disk_driver disk_vhdx = {
	.name = "vhdx",
	.family = "vhdx",
	.suffix = "vhdx",
	.summary = "Hyper-V's format: grows with its data",
	.size_max = VHDX_SIZE_MAX,
	.create = vhdx_create,
	.recognize = vhdx_recognize,
	.open = vhdx_open,
	.read = blocks_read,
	.write = blocks_write,
	.zero = blocks_zero,
	.has_data = blocks_has_data,
	.finish = vhdx_finish,
	.free = blocks_free,
};
