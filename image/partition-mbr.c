#include "partition-mbr.h"

#include <endian.h>
#include <string.h>

/* The entries, and the mark of a sector that has some. */
static int write_entries(
	struct disk *disk, const struct mbr_entry entries[MBR_ENTRY_COUNT], struct error *err)
{
	static const uint8_t mark[2] = {0x55, 0xaa};
	uint64_t length = MBR_ENTRY_COUNT * sizeof(*entries);

	if (disk_write(disk, MBR_ENTRIES, entries, length, err))
		return -1;
	return disk_write(disk, MBR_ENTRIES + length, mark, sizeof(mark), err);
}

/* One entry of a type that no old tool knows keeps such tools from taking the disk for empty. */
int mbr_write_protective(struct disk *disk, struct error *err)
{
	uint64_t others = disk->size / MBR_SECTOR - 1;
	const struct mbr_entry entries[MBR_ENTRY_COUNT] = {{
		.first_chs = {0x00, 0x02, 0x00},
		.type = MBR_PROTECTIVE,
		.last_chs = {0xff, 0xff, 0xff},
		.first = htole32(1),
		.sectors = htole32(others < UINT32_MAX ? others : UINT32_MAX),
	}};

	return write_entries(disk, entries, err);
}

static int check_table(
	const struct disk *disk, const struct partition_table *table, struct error *err)
{
	if (disk->size % MBR_SECTOR || disk->size / MBR_SECTOR > UINT32_MAX)
		return error_set(err, STATUS_FAILED, "a disk of %llu bytes: no size for an MBR",
			(unsigned long long)disk->size);
	if (table->count > MBR_ENTRY_COUNT)
		return error_set(err, STATUS_FAILED, "%zu partitions: an MBR holds %d",
			table->count, MBR_ENTRY_COUNT);
	return partition_check(table, MBR_SECTOR, disk->size, err);
}

int mbr_write(struct disk *disk, const struct partition_table *table, struct error *err)
{
	struct mbr_entry entries[MBR_ENTRY_COUNT] = {0};

	if (check_table(disk, table, err))
		return -1;
	for (size_t i = 0; i < table->count; i++) {
		const struct partition *partition = &table->items[i];
		entries[i] = (struct mbr_entry){
			.active = partition->active ? MBR_ACTIVE : 0,
			.first_chs = {0xfe, 0xff, 0xff},
			.type = partition->mbr_type,
			.last_chs = {0xfe, 0xff, 0xff},
			.first = htole32(partition->start / MBR_SECTOR),
			.sectors = htole32(partition->length / MBR_SECTOR),
		};
	}
	/* PARTUUID= prints it as a number, whose first byte stands last. */
	const uint8_t *id = table->id.bytes;
	const uint8_t signature[4] = {id[3], id[2], id[1], id[0]};
	if (disk_write(disk, MBR_SIGNATURE, signature, sizeof(signature), err))
		return -1;
	return write_entries(disk, entries, err);
}

static int add_partition(struct partition_table *table, const struct disk *disk,
	const struct mbr_entry *entry, struct error *err)
{
	uint64_t first = le32toh(entry->first), sectors = le32toh(entry->sectors);
	uint64_t end = disk->size / MBR_SECTOR;

	if (entry->active & ~MBR_ACTIVE)
		return error_set(err, STATUS_FAILED, "no partition table");
	if (!first || !sectors || first > end || sectors > end - first)
		return error_set(err, STATUS_FAILED,
			"MBR: a partition of %llu sectors from sector %llu, outside the disk",
			(unsigned long long)sectors, (unsigned long long)first);
	if (entry->type == MBR_EXTENDED || entry->type == MBR_EXTENDED_LBA ||
		entry->type == MBR_EXTENDED_LINUX)
		return error_set(
			err, STATUS_FAILED, "MBR: an extended partition, which jeos does not read");
	vector_push(table, ((struct partition){
				   .mbr_type = entry->type,
				   .active = entry->active,
				   .start = first * MBR_SECTOR,
				   .length = sectors * MBR_SECTOR,
			   }));
	return 0;
}

int mbr_read(struct disk *disk, struct partition_table *ret_table, struct error *err)
{
	struct partition_table table = {.scheme = SCHEME_MBR};
	struct mbr_entry entries[MBR_ENTRY_COUNT];
	uint8_t sector[MBR_SECTOR];
	int result = 0;

	if (disk->size < MBR_SECTOR || disk_read(disk, 0, sector, sizeof(sector), err))
		return error_set(err, STATUS_FAILED, "no partition table");
	if (sector[MBR_SECTOR - 2] != 0x55 || sector[MBR_SECTOR - 1] != 0xaa)
		return error_set(err, STATUS_FAILED, "no partition table");
	for (size_t i = 0; i < 4; i++)
		table.id.bytes[i] = sector[MBR_SIGNATURE + 3 - i];
	memcpy(entries, sector + MBR_ENTRIES, sizeof(entries));
	for (size_t i = 0; i < MBR_ENTRY_COUNT && !result; i++)
		if (entries[i].type != MBR_UNUSED)
			result = add_partition(&table, disk, &entries[i], err);
	if (!result)
		result = partition_sort(&table, err);
	if (result)
		partition_table_release(&table);
	else
		*ret_table = table;
	return result;
}
