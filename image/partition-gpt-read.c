/* Reading GPT, believing nothing that its checksums and the disk's size do not confirm. */
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/cleanup.h"
#include "base/size.h"
#include "partition-gpt.h"

/* The largest array of entries that is read; the usual one has 16 KiB. */
enum { ENTRIES_MAX = MIB };

static int read_header(
	struct disk *disk, uint64_t sector, struct gpt_header *ret_header, struct error *err)
{
	uint8_t bytes[GPT_SECTOR];
	struct gpt_header header;

	if (disk_read(disk, sector * GPT_SECTOR, bytes, sizeof(bytes), err))
		return -1;
	memcpy(&header, bytes, sizeof(header));
	if (memcmp(header.signature, "EFI PART", sizeof(header.signature)))
		return error_set(err, STATUS_FAILED, "no signature");
	uint32_t size = le32toh(header.header_size);
	if (size < sizeof(header) || size > sizeof(bytes))
		return error_set(err, STATUS_FAILED, "a header of %u bytes", size);
	memset(bytes + offsetof(struct gpt_header, header_crc), 0, sizeof(header.header_crc));
	if (crc32(0, bytes, size) != le32toh(header.header_crc))
		return error_set(err, STATUS_FAILED, "wrong checksum of the header");
	if (le64toh(header.this_sector) != sector)
		return error_set(err, STATUS_FAILED, "the header says it is at sector %llu",
			(unsigned long long)le64toh(header.this_sector));
	uint64_t first = le64toh(header.first_usable), last = le64toh(header.last_usable);
	if (first < 2 || last < first - 1 || last >= disk->size / GPT_SECTOR)
		return error_set(err, STATUS_FAILED,
			"the usable sectors %llu to %llu do not fit the disk",
			(unsigned long long)first, (unsigned long long)last);
	*ret_header = header;
	return 0;
}

static int read_entries(struct disk *disk, const struct gpt_header *header, uint8_t **ret_entries,
	struct error *err)
{
	uint64_t start = le64toh(header->entries_sector), sectors = disk->size / GPT_SECTOR;
	uint64_t size = le32toh(header->entry_size);
	uint64_t length = size * le32toh(header->entry_count);

	if (size < sizeof(struct gpt_entry) || size & (size - 1) || length > ENTRIES_MAX)
		return error_set(err, STATUS_FAILED, "%u entries of %u bytes",
			le32toh(header->entry_count), le32toh(header->entry_size));
	if (start >= sectors || length > (sectors - start) * GPT_SECTOR)
		return error_set(err, STATUS_FAILED, "the entries lie behind the disk's end");
	cleanup_free uint8_t *entries = xmalloc(length);
	if (disk_read(disk, start * GPT_SECTOR, entries, length, err))
		return -1;
	if (crc32(0, entries, length) != le32toh(header->entries_crc))
		return error_set(err, STATUS_FAILED, "wrong checksum of the entries");
	*ret_entries = steal_pointer(&entries);
	return 0;
}

static const char *read_label(const struct gpt_entry *entry, struct arena *arena)
{
	char text[PARTITION_LABEL_MAX + 1] = {0};

	for (size_t i = 0; i < PARTITION_LABEL_MAX && entry->label[i]; i++) {
		uint16_t unit = le16toh(entry->label[i]);
		text[i] = unit >= ' ' && unit < 0x7f ? unit : '?';
	}
	return *text ? arena_strdup(arena, text) : NULL;
}

static int add_partition(struct partition_table *table, const struct gpt_header *header,
	const struct gpt_entry *entry, unsigned number, struct error *err)
{
	uint64_t first = le64toh(entry->first), last = le64toh(entry->last);

	if (first < le64toh(header->first_usable) || last > le64toh(header->last_usable) ||
		first > last)
		return error_set(err, STATUS_FAILED,
			"a partition from sector %llu to %llu, outside the usable ones",
			(unsigned long long)first, (unsigned long long)last);
	vector_push(table, ((struct partition){
				   .type = uuid_from_gpt(entry->type),
				   .id = uuid_from_gpt(entry->id),
				   .start = first * GPT_SECTOR,
				   .length = (last - first + 1) * GPT_SECTOR,
				   .number = number,
				   .attributes = le64toh(entry->attributes),
				   .label = read_label(entry, &table->labels),
			   }));
	return 0;
}

/* Reads the copy whose header is in `sector`; fills the table even when it fails. */
static int read_copy(
	struct disk *disk, uint64_t sector, struct partition_table *table, struct error *err)
{
	static const uint8_t unused[16];
	cleanup_free uint8_t *entries = NULL;
	struct gpt_header header;

	if (read_header(disk, sector, &header, err) || read_entries(disk, &header, &entries, err))
		return -1;
	table->id = uuid_from_gpt(header.disk_id);
	for (uint32_t i = 0; i < le32toh(header.entry_count); i++) {
		struct gpt_entry entry;
		memcpy(&entry, entries + (size_t)i * le32toh(header.entry_size), sizeof(entry));
		if (memcmp(entry.type, unused, sizeof(unused)) &&
			add_partition(table, &header, &entry, i + 1, err))
			return -1;
	}
	return partition_sort(table, err);
}

int gpt_read(struct disk *disk, struct partition_table *ret_table, struct error *err)
{
	struct partition_table table = {0};
	struct error primary = {0};

	if (disk->size < PARTITION_HEAD + PARTITION_TAIL)
		return error_set(err, STATUS_FAILED, "partition table: the disk is too small");
	if (read_copy(disk, 1, &table, &primary)) {
		partition_table_release(&table);
		if (read_copy(disk, disk->size / GPT_SECTOR - 1, &table, err)) {
			partition_table_release(&table);
			error_wrap(err, "partition table: %s; its backup", primary.message);
			error_release(&primary);
			return -1;
		}
		error_release(&primary);
	}
	*ret_table = table;
	return 0;
}
