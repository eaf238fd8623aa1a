#include "partition-gpt.h"

#include <endian.h>
#include <string.h>
#include <zlib.h>

static int check_table(
	const struct disk *disk, const struct partition_table *table, struct error *err)
{
	if (disk->size % GPT_SECTOR || disk->size < PARTITION_HEAD + PARTITION_TAIL + GPT_SECTOR)
		return error_set(err, STATUS_FAILED, "a disk of %llu bytes: no room for GPT",
			(unsigned long long)disk->size);
	if (table->count > GPT_ENTRIES)
		return error_set(err, STATUS_FAILED, "%zu partitions: GPT holds %d", table->count,
			GPT_ENTRIES);
	for (size_t i = 0; i < table->count; i++)
		if (table->items[i].label && strlen(table->items[i].label) > PARTITION_LABEL_MAX)
			return error_set(err, STATUS_FAILED,
				"partition '%s': its label is longer than %d characters",
				table->items[i].label, PARTITION_LABEL_MAX);
	return partition_check(table, PARTITION_HEAD, disk->size - PARTITION_TAIL, err);
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

int gpt_write(struct disk *disk, const struct partition_table *table, struct error *err)
{
	struct gpt_entry entries[GPT_ENTRIES] = {0};
	uint64_t last = disk->size / GPT_SECTOR - 1;

	if (check_table(disk, table, err))
		return -1;
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

	return write_copy(disk, primary, entries, err) || write_copy(disk, backup, entries, err)
		       ? -1
		       : 0;
}
