/* VHDX: what both sides know, and reading the structures in front of the blocks. */
#include <endian.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/size.h"
#include "disk-vhdx.h"
#include "host-file.h"

static void type_parse(const char *text, uint8_t ret_type[16])
{
	struct uuid uuid = {0};

	uuid_parse(text, &uuid);
	uuid_to_gpt(&uuid, ret_type);
}

struct vhdx_types vhdx_types(void)
{
	struct vhdx_types types;

	type_parse("2dc27766-f623-4200-9d64-115e9bfd4a08", types.block_table);
	type_parse("8b7ca206-4790-4b9a-b8fe-575f050f886e", types.metadata);
	type_parse("caa16737-fa36-4d43-b3b6-33f0aa44e76b", types.file_parameters);
	type_parse("2fa54224-cd1b-4876-b211-5dbed83bf4b8", types.size);
	type_parse("beca12ab-b2e6-4523-93ef-c309e000c746", types.id);
	type_parse("8141bf1d-a96f-4709-ba47-f233a8faab5f", types.logical_sector);
	type_parse("cda348c7-445d-4471-9cc9-e9885251c556", types.physical_sector);
	return types;
}

uint64_t vhdx_chunk(uint32_t sector, uint32_t block_size)
{
	return ((uint64_t)sector << 23) / block_size;
}

uint64_t vhdx_table_entries(uint64_t blocks, uint64_t chunk)
{
	return blocks ? blocks + (blocks - 1) / chunk : 0;
}

uint32_t vhdx_checksum(const void *structure, size_t length)
{
	const uint8_t *bytes = structure;
	uint32_t table[256], crc = ~0u;

	for (uint32_t i = 0; i < array_count(table); i++) {
		table[i] = i;
		for (unsigned bit = 0; bit < 8; bit++)
			table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0x82f63b78 : 0);
	}
	for (size_t i = 0; i < length; i++) {
		uint8_t byte = i >= 4 && i < 8 ? 0 : bytes[i];
		crc = crc >> 8 ^ table[(crc ^ byte) & 0xff];
	}
	return htole32(~crc);
}

static bool is_valid(const void *structure, size_t length, const char *signature)
{
	uint32_t checksum;

	memcpy(&checksum, (const uint8_t *)structure + 4, sizeof(checksum));
	return !memcmp(structure, signature, 4) && checksum == vhdx_checksum(structure, length);
}

/* The current header must say that the log is empty: else there are changes in it. */
static int check_header(int fd, struct error *err)
{
	static const uint8_t none[16];
	struct vhdx_header headers[2];
	const struct vhdx_header *current = NULL;

	for (unsigned i = 0; i < array_count(headers); i++) {
		struct vhdx_header *header = &headers[i];
		if (host_file_read(
			    fd, VHDX_HEADER_AT + i * VHDX_UNIT, header, sizeof(*header), err))
			return -1;
		if (is_valid(header, sizeof(*header), "head") &&
			(!current || le64toh(header->sequence) > le64toh(current->sequence)))
			current = header;
	}
	if (!current)
		return error_set(err, STATUS_FAILED,
			"VHDX headers: bytes 0x10000 and 0x20000: neither has its checksum");
	if (le16toh(current->version) != 1)
		return error_set(err, STATUS_FAILED, "VHDX header: version %u: jeos reads 1",
			le16toh(current->version));
	if (memcmp(current->log, none, sizeof(none)))
		return error_set(err, STATUS_FAILED,
			"VHDX header: its log may hold changes, which jeos does not read: convert "
			"the image with qemu-img");
	return 0;
}

static int read_regions(int fd, struct vhdx_regions *regions, struct error *err)
{
	for (unsigned i = 0; i < 2; i++) {
		if (host_file_read(
			    fd, VHDX_REGIONS_AT + i * VHDX_UNIT, regions, sizeof(*regions), err))
			return -1;
		if (is_valid(regions, sizeof(*regions), "regi") &&
			le32toh(regions->count) <= VHDX_REGIONS)
			return 0;
	}
	return error_set(err, STATUS_FAILED,
		"VHDX region tables: bytes 0x30000 and 0x40000: neither has its checksum");
}

/* A region that lies within the file. */
static int find_region(const struct vhdx_regions *regions, const uint8_t type[16],
	uint64_t file_size, struct vhdx_region *ret_region, struct error *err)
{
	for (uint32_t i = 0; i < le32toh(regions->count); i++) {
		struct vhdx_region region = regions->items[i];
		if (memcmp(region.type, type, sizeof(region.type)))
			continue;
		region.at = le64toh(region.at);
		region.length = le32toh(region.length);
		if (region.at < MIB || region.at > file_size ||
			region.length > file_size - region.at)
			return error_set(err, STATUS_FAILED,
				"VHDX region table: entry %u: %u bytes at byte 0x%llx of a file of "
				"%llu",
				i, region.length, (unsigned long long)region.at,
				(unsigned long long)file_size);
		*ret_region = region;
		return 0;
	}
	return error_set(
		err, STATUS_FAILED, "VHDX region table: a region is missing that must be there");
}

/* Where metadata is read from. */
struct reading {
	int fd;
	struct vhdx_region region;
	struct vhdx_metadata *table; /* owned */
};

static int read_item(const struct reading *reading, const uint8_t type[16], void *ret_data,
	uint32_t length, struct error *err)
{
	for (unsigned i = 0; i < le16toh(reading->table->count); i++) {
		const struct vhdx_item *item = &reading->table->items[i];
		uint32_t at = le32toh(item->at);
		if (memcmp(item->type, type, sizeof(item->type)))
			continue;
		if (le32toh(item->length) != length || at > reading->region.length ||
			length > reading->region.length - at)
			return error_set(err, STATUS_FAILED,
				"VHDX metadata: entry %u: %u bytes at byte 0x%x", i,
				le32toh(item->length), at);
		return host_file_read(reading->fd, reading->region.at + at, ret_data, length, err);
	}
	return error_set(
		err, STATUS_FAILED, "VHDX metadata: an item is missing that must be there");
}

static int check_geometry(
	const struct vhdx_geometry *geometry, uint32_t flags, uint32_t sector, struct error *err)
{
	uint32_t size = geometry->block_size;

	if (flags & 2)
		return error_set(err, STATUS_FAILED,
			"VHDX metadata: the image is a difference to another one: jeos does not "
			"read it");
	if (size < 1u << VHDX_BLOCK_BITS_MIN || size > 1u << VHDX_BLOCK_BITS_MAX ||
		size & (size - 1))
		return error_set(err, STATUS_FAILED,
			"VHDX metadata: blocks of %u bytes: not a power of two from 1M to 256M",
			size);
	if (sector != VHDX_SECTOR && sector != 4096)
		return error_set(err, STATUS_FAILED,
			"VHDX metadata: sectors of %u bytes: neither 512 nor 4096", sector);
	if (!geometry->size || geometry->size % sector || geometry->size > VHDX_SIZE_MAX)
		return error_set(err, STATUS_FAILED, "VHDX metadata: a disk of %llu bytes",
			(unsigned long long)geometry->size);
	return 0;
}

static int read_metadata(
	const struct reading *reading, struct vhdx_geometry *geometry, struct error *err)
{
	const struct vhdx_types types = vhdx_types();
	uint32_t parameters[2], sector;

	if (host_file_read(
		    reading->fd, reading->region.at, reading->table, sizeof(*reading->table), err))
		return -1;
	if (memcmp(reading->table->signature, "metadata", sizeof(reading->table->signature)) ||
		le16toh(reading->table->count) > VHDX_ITEMS)
		return error_set(err, STATUS_FAILED, "VHDX metadata: byte 0x%llx: no table",
			(unsigned long long)reading->region.at);
	if (read_item(reading, types.file_parameters, parameters, sizeof(parameters), err) ||
		read_item(reading, types.size, &geometry->size, sizeof(geometry->size), err) ||
		read_item(reading, types.logical_sector, &sector, sizeof(sector), err))
		return -1;
	geometry->block_size = le32toh(parameters[0]);
	geometry->size = le64toh(geometry->size);
	sector = le32toh(sector);
	if (check_geometry(geometry, le32toh(parameters[1]), sector, err))
		return -1;
	geometry->chunk = vhdx_chunk(sector, geometry->block_size);
	return 0;
}

int vhdx_read_geometry(
	int fd, uint64_t file_size, struct vhdx_geometry *ret_geometry, struct error *err)
{
	const struct vhdx_types types = vhdx_types();
	cleanup_free struct vhdx_regions *regions = xmalloc(sizeof(*regions));
	cleanup_free struct vhdx_metadata *table = xmalloc(sizeof(*table));
	struct vhdx_geometry geometry;
	struct reading reading = {.fd = fd, .table = table};
	struct vhdx_region blocks;

	if (check_header(fd, err) || read_regions(fd, regions, err) ||
		find_region(regions, types.metadata, file_size, &reading.region, err) ||
		find_region(regions, types.block_table, file_size, &blocks, err) ||
		read_metadata(&reading, &geometry, err))
		return -1;
	uint64_t count = divide_up(geometry.size, geometry.block_size);
	if (vhdx_table_entries(count, geometry.chunk) > blocks.length / sizeof(uint64_t))
		return error_set(err, STATUS_FAILED,
			"VHDX region table: a block table of %u bytes for %llu blocks",
			blocks.length, (unsigned long long)count);
	geometry.table_at = blocks.at;
	*ret_geometry = geometry;
	return 0;
}
