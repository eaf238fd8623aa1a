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

/* A partition in sectors of the disk. */
static int add_partition(struct partition_table *table, const struct disk *disk,
	const struct mbr_entry *entry, unsigned number, struct error *err)
{
	uint64_t first = le32toh(entry->first), sectors = le32toh(entry->sectors);
	uint64_t end = disk->size / MBR_SECTOR;

	if (entry->active & ~MBR_ACTIVE)
		return error_set(err, STATUS_FAILED, "no table: boot code of a filesystem");
	if (!first || !sectors || first > end || sectors > end - first)
		return error_set(err, STATUS_FAILED,
			"a partition of %llu sectors from sector %llu, outside the disk",
			(unsigned long long)sectors, (unsigned long long)first);
	vector_push(table, ((struct partition){
				   .mbr_type = entry->type,
				   .active = entry->active,
				   .start = first * MBR_SECTOR,
				   .length = sectors * MBR_SECTOR,
				   .number = number,
			   }));
	return 0;
}

static bool is_extended(const struct mbr_entry *entry)
{
	return entry->type == MBR_EXTENDED || entry->type == MBR_EXTENDED_LBA ||
	       entry->type == MBR_EXTENDED_LINUX;
}

static int read_sector(struct disk *disk, uint64_t sector,
	struct mbr_entry ret_entries[MBR_ENTRY_COUNT], uint8_t ret_signature[4], struct error *err)
{
	uint8_t bytes[MBR_SECTOR];

	if (sector >= disk->size / MBR_SECTOR)
		return error_set(err, STATUS_FAILED, "it lies behind the disk's end");
	if (disk_read(disk, sector * MBR_SECTOR, bytes, sizeof(bytes), err))
		return -1;
	if (bytes[MBR_SECTOR - 2] != 0x55 || bytes[MBR_SECTOR - 1] != 0xaa)
		return error_set(err, STATUS_FAILED, "no mark of a table");
	memcpy(ret_entries, bytes + MBR_ENTRIES, MBR_ENTRY_COUNT * sizeof(*ret_entries));
	memcpy(ret_signature, bytes + MBR_SIGNATURE, 4);
	return 0;
}

/* The extended partition is a chain of sectors of two entries: a partition, counted from this
 * sector, and the next sector of the chain, counted from the first. It only goes forward, and not
 * for long, so that it ends; where it holds no partition, no number is passed over. */
static int read_chain(struct partition_table *table, struct disk *disk,
	const struct mbr_entry *extended, struct error *err)
{
	uint64_t first = le32toh(extended->first), at = first;
	struct mbr_entry entries[MBR_ENTRY_COUNT];
	unsigned number = MBR_ENTRY_COUNT + 1;
	uint8_t none[4];

	for (unsigned links = 1;; links++) {
		if (read_sector(disk, at, entries, none, err))
			return error_wrap(err, "the logical partition of sector %llu",
				(unsigned long long)at);
		struct mbr_entry *logical = &entries[0], *next = &entries[1];
		uint64_t start = at + le32toh(logical->first),
			 follows = first + le32toh(next->first);
		logical->first = htole32(start <= UINT32_MAX ? start : UINT32_MAX);
		if (logical->type != MBR_UNUSED &&
			add_partition(table, disk, logical, number++, err))
			return -1;
		if (next->type == MBR_UNUSED)
			return 0;
		if (!is_extended(next) || follows <= at || links >= PARTITION_MAX)
			return error_set(err, STATUS_FAILED,
				"the logical partition of sector %llu: the next is that of sector "
				"%llu",
				(unsigned long long)at, (unsigned long long)follows);
		at = follows;
	}
}

static int read_table(struct partition_table *table, struct disk *disk, struct error *err)
{
	struct mbr_entry entries[MBR_ENTRY_COUNT];
	uint8_t signature[4];

	if (read_sector(disk, 0, entries, signature, err))
		return -1;
	for (size_t i = 0; i < sizeof(signature); i++)
		table->id.bytes[i] = signature[sizeof(signature) - 1 - i];
	for (unsigned i = 0; i < MBR_ENTRY_COUNT; i++) {
		const struct mbr_entry *entry = &entries[i];
		if (entry->type == MBR_UNUSED)
			continue;
		if (is_extended(entry) ? read_chain(table, disk, entry, err)
				       : add_partition(table, disk, entry, i + 1, err))
			return -1;
	}
	return partition_sort(table, err);
}

int mbr_read(struct disk *disk, struct partition_table *ret_table, struct error *err)
{
	struct partition_table table = {.scheme = SCHEME_MBR};

	if (read_table(&table, disk, err)) {
		partition_table_release(&table);
		return -1;
	}
	*ret_table = table;
	return 0;
}
