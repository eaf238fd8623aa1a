#include "partition.h"

#include <endian.h>
#include <string.h>
#include <zlib.h>

#include "partition-gpt.h"

const struct uuid partition_type_bios_boot = {{0x21, 0x68, 0x61, 0x48, 0x64, 0x49, 0x6e, 0x6f, 0x74,
	0x4e, 0x65, 0x65, 0x64, 0x45, 0x46, 0x49}};
const struct uuid partition_type_esp = {{0xc1, 0x2a, 0x73, 0x28, 0xf8, 0x1f, 0x11, 0xd2, 0xba, 0x4b,
	0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b}};

static int check_partition(const struct disk *disk, const struct partition *partition,
	uint64_t free_from, struct error *err)
{
	const char *label = partition->label ? partition->label : "";

	if (partition->start % GPT_SECTOR || partition->length % GPT_SECTOR || !partition->length)
		return error_set(err, STATUS_FAILED,
			"partition '%s': not a positive number of whole sectors", label);
	if (partition->start < free_from)
		return error_set(err, STATUS_FAILED,
			"partition '%s': starts at byte %llu, the space is taken up to byte %llu",
			label, (unsigned long long)partition->start, (unsigned long long)free_from);
	if (partition->start > disk->size - PARTITION_TAIL ||
		partition->length > disk->size - PARTITION_TAIL - partition->start)
		return error_set(err, STATUS_FAILED,
			"partition '%s': ends behind the last usable byte of the disk", label);
	if (strlen(label) > PARTITION_LABEL_MAX)
		return error_set(err, STATUS_FAILED,
			"partition '%s': its label is longer than %d characters", label,
			PARTITION_LABEL_MAX);
	return 0;
}

static int check_table(
	const struct disk *disk, const struct partition_table *table, struct error *err)
{
	uint64_t free_from = PARTITION_HEAD;

	if (disk->size % GPT_SECTOR || disk->size < PARTITION_HEAD + PARTITION_TAIL + GPT_SECTOR)
		return error_set(err, STATUS_FAILED, "a disk of %llu bytes: no room for GPT",
			(unsigned long long)disk->size);
	if (table->count > GPT_ENTRIES)
		return error_set(err, STATUS_FAILED, "%zu partitions: GPT holds %d", table->count,
			GPT_ENTRIES);
	for (size_t i = 0; i < table->count; i++) {
		if (check_partition(disk, &table->items[i], free_from, err))
			return -1;
		free_from = table->items[i].start + table->items[i].length;
	}
	return 0;
}

static struct gpt_entry make_entry(const struct partition *partition)
{
	struct gpt_entry entry = {
		.first = htole64(partition->start / GPT_SECTOR),
		.last = htole64((partition->start + partition->length) / GPT_SECTOR - 1),
		.attributes = htole64(partition->attributes),
	};

	uuid_to_gpt(&partition->type, entry.type);
	uuid_to_gpt(&partition->id, entry.id);
	for (size_t i = 0; partition->label && partition->label[i]; i++)
		entry.label[i] = htole16((uint8_t)partition->label[i]);
	return entry;
}

/* One of the two copies: entries, and the header that names them. */
static int write_copy(struct disk *disk, struct gpt_header header,
	const struct gpt_entry entries[GPT_ENTRIES], struct error *err)
{
	uint8_t sector[GPT_SECTOR] = {0};

	header.header_crc = htole32(crc32(0, (const Bytef *)&header, sizeof(header)));
	memcpy(sector, &header, sizeof(header));
	if (disk_write(disk, le64toh(header.entries_sector) * GPT_SECTOR, entries,
		    GPT_ENTRIES * sizeof(*entries), err))
		return -1;
	return disk_write(
		disk, le64toh(header.this_sector) * GPT_SECTOR, sector, sizeof(sector), err);
}

/* One entry of a type that no old tool knows keeps such tools from taking the disk for empty. */
static int write_protective_mbr(struct disk *disk, uint64_t sectors, struct error *err)
{
	struct mbr_entry entries[4] = {{
		.first_chs = {0x00, 0x02, 0x00},
		.type = GPT_PROTECTIVE,
		.last_chs = {0xff, 0xff, 0xff},
		.first = htole32(1),
		.sectors = htole32(sectors - 1 < UINT32_MAX ? sectors - 1 : UINT32_MAX),
	}};
	static const uint8_t signature[2] = {0x55, 0xaa};

	if (disk_write(disk, MBR_ENTRIES, entries, sizeof(entries), err))
		return -1;
	return disk_write(disk, MBR_ENTRIES + sizeof(entries), signature, sizeof(signature), err);
}

int partition_write(struct disk *disk, const struct partition_table *table, struct error *err)
{
	struct gpt_entry entries[GPT_ENTRIES] = {0};
	uint64_t last = disk->size / GPT_SECTOR - 1;

	if (check_table(disk, table, err))
		return error_wrap(err, "partition table");
	for (size_t i = 0; i < table->count; i++)
		entries[i] = make_entry(&table->items[i]);
	struct gpt_header primary = {
		.signature = {'E', 'F', 'I', ' ', 'P', 'A', 'R', 'T'},
		.revision = htole32(GPT_REVISION),
		.header_size = htole32(sizeof(primary)),
		.this_sector = htole64(1),
		.other_sector = htole64(last),
		.first_usable = htole64(PARTITION_HEAD / GPT_SECTOR),
		.last_usable = htole64(last - PARTITION_TAIL / GPT_SECTOR),
		.entries_sector = htole64(2),
		.entry_count = htole32(GPT_ENTRIES),
		.entry_size = htole32(sizeof(*entries)),
		.entries_crc = htole32(crc32(0, (const Bytef *)entries, sizeof(entries))),
	};
	uuid_to_gpt(&table->id, primary.disk_id);

	struct gpt_header backup = primary;
	backup.this_sector = primary.other_sector;
	backup.other_sector = primary.this_sector;
	backup.entries_sector = htole64(last + 1 - PARTITION_TAIL / GPT_SECTOR);

	if (write_protective_mbr(disk, last + 1, err) || write_copy(disk, primary, entries, err))
		return -1;
	return write_copy(disk, backup, entries, err);
}
