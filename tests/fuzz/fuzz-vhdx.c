/* The numbers of a VHDX image: its region table, metadata and block table are any bytes, with
 * signatures and checksums set right. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/size.h"
#include "fuzz.h"
#include "image/disk-vhdx.h"
#include "image/disk.h"

/* The input: so much of each, one behind the other. */
enum {
	REGIONS = 96,
	METADATA = 256,
	ITEMS = 64,
	METADATA_AT = 2 * MIB,
	TABLE_AT = 3 * MIB,
	FILE_SIZE = TABLE_AT + 64 * KIB,
};

static void seal(uint8_t *structure, size_t length)
{
	uint32_t checksum = vhdx_checksum(structure, length);

	memcpy(structure + 4, &checksum, sizeof(checksum));
}

static void assemble(uint8_t *bytes, const uint8_t *data, size_t size)
{
	memset(bytes, 0, FILE_SIZE);
	memcpy(bytes + VHDX_HEADER_AT, "head", 4);
	bytes[VHDX_HEADER_AT + offsetof(struct vhdx_header, version)] = 1;
	memcpy(bytes + VHDX_REGIONS_AT, data, REGIONS);
	memcpy(bytes + VHDX_REGIONS_AT, "regi", 4);
	memcpy(bytes + METADATA_AT, data + REGIONS, METADATA);
	memcpy(bytes + METADATA_AT + VHDX_UNIT, data + REGIONS + METADATA, ITEMS);
	data += REGIONS + METADATA + ITEMS;
	size -= REGIONS + METADATA + ITEMS;
	memcpy(bytes + TABLE_AT, data, size < 64 * KIB ? size : 64 * KIB);
	seal(bytes + VHDX_HEADER_AT, sizeof(struct vhdx_header));
	seal(bytes + VHDX_REGIONS_AT, sizeof(struct vhdx_regions));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t bytes[FILE_SIZE];
	cleanup_disk struct disk *disk = NULL;
	struct error err = {0};
	uint8_t block[4096];
	uint64_t run;

	if (size < REGIONS + METADATA + ITEMS)
		return 0;
	assemble(bytes, data, size);
	if (disk_vhdx.open(input_file(bytes, FILE_SIZE), false, &disk, &err)) {
		if (!err.message || disk)
			abort();
		error_release(&err);
		return 0;
	}
	for (uint64_t at = 0; at + sizeof(block) <= disk->size && at < 64 * MIB; at += MIB / 2) {
		disk_has_data(disk, at, disk->size - at, &run);
		if (disk_read(disk, at, block, sizeof(block), &err))
			error_release(&err);
	}
	return 0;
}
