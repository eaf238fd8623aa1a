/* Any bytes behind the MBR are read as a partition table; its checksums are set right first. */
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/size.h"
#include "fuzz.h"
#include "image/partition-gpt.h"
#include "image/partition.h"

enum { DISK_SIZE = 256 * KIB };

static void seal(uint8_t *disk)
{
	struct gpt_header header;

	memcpy(&header, disk + GPT_SECTOR, sizeof(header));
	uint64_t at = le64toh(header.entries_sector);
	uint64_t length = (uint64_t)le32toh(header.entry_count) * le32toh(header.entry_size);
	header.header_size = htole32(sizeof(header));
	if (at < DISK_SIZE / GPT_SECTOR && length <= DISK_SIZE - at * GPT_SECTOR)
		header.entries_crc = htole32(crc32(0, disk + at * GPT_SECTOR, length));
	header.header_crc = 0;
	header.header_crc = htole32(crc32(0, (const Bytef *)&header, sizeof(header)));
	memcpy(disk + GPT_SECTOR, &header, sizeof(header));
}

static void check(const struct partition_table *table)
{
	uint64_t free_from = 2 * GPT_SECTOR;

	for (size_t i = 0; i < table->count; i++) {
		const struct partition *partition = &table->items[i];
		if (partition->start < free_from || partition->length > DISK_SIZE ||
			partition->start + partition->length > DISK_SIZE)
			abort();
		free_from = partition->start + partition->length;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t bytes[DISK_SIZE];
	cleanup_disk struct disk *disk = NULL;
	struct partition_table table;
	struct error err = {0};

	if (size > DISK_SIZE - GPT_SECTOR)
		return 0;
	memset(bytes, 0, DISK_SIZE);
	memcpy(bytes + GPT_SECTOR, data, size);
	seal(bytes);
	if (disk_raw.open(input_file(bytes, DISK_SIZE), false, &disk, &err))
		abort();
	if (!partition_read(disk, &table, &err)) {
		check(&table);
		partition_table_release(&table);
	}
	error_release(&err);
	return 0;
}
