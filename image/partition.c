#include "partition.h"

#include <stdio.h>
#include <string.h>

#include "partition-gpt.h"
#include "partition-mbr.h"

const struct uuid partition_type_bios_boot = {{0x21, 0x68, 0x61, 0x48, 0x64, 0x49, 0x6e, 0x6f, 0x74,
	0x4e, 0x65, 0x65, 0x64, 0x45, 0x46, 0x49}};
const struct uuid partition_type_esp = {{0xc1, 0x2a, 0x73, 0x28, 0xf8, 0x1f, 0x11, 0xd2, 0xba, 0x4b,
	0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b}};

const char *partition_scheme_name(size_t scheme)
{
	static const char *const names[PARTITION_SCHEMES] = {
		[SCHEME_GPT] = "gpt", [SCHEME_MBR] = "mbr", [SCHEME_NONE] = "none"};

	return scheme < PARTITION_SCHEMES ? names[scheme] : NULL;
}

bool partition_is_esp(const struct partition_table *table, const struct partition *partition)
{
	return table->scheme == SCHEME_MBR
		       ? partition->mbr_type == MBR_ESP
		       : !memcmp(&partition->type, &partition_type_esp, sizeof(partition->type));
}

void partition_mbr_id(const struct uuid *disk, size_t number, char ret_text[UUID_TEXT])
{
	const uint8_t *id = disk->bytes;

	snprintf(ret_text, UUID_TEXT, "%02x%02x%02x%02x-%02zx", id[0], id[1], id[2], id[3],
		number & 0xff);
}

int partition_check(
	const struct partition_table *table, uint64_t start, uint64_t end, struct error *err)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct partition *partition = &table->items[i];
		const char *label = partition->label ? partition->label : "";
		if (partition->start % MBR_SECTOR || partition->length % MBR_SECTOR ||
			!partition->length)
			return error_set(err, STATUS_FAILED,
				"partition '%s': not a positive number of whole sectors", label);
		if (partition->start < start)
			return error_set(err, STATUS_FAILED,
				"partition '%s': starts at byte %llu, the space is taken up to "
				"byte %llu",
				label, (unsigned long long)partition->start,
				(unsigned long long)start);
		if (partition->start > end || partition->length > end - partition->start)
			return error_set(err, STATUS_FAILED,
				"partition '%s': ends behind the last usable byte of the disk",
				label);
		start = partition->start + partition->length;
	}
	return 0;
}

static int compare_starts(const void *a, const void *b)
{
	const struct partition *one = a, *other = b;

	return (one->start > other->start) - (one->start < other->start);
}

int partition_sort(struct partition_table *table, struct error *err)
{
	vector_sort(table, compare_starts);
	for (size_t i = 1; i < table->count; i++) {
		const struct partition *before = &table->items[i - 1];
		if (before->start + before->length > table->items[i].start)
			return error_set(err, STATUS_FAILED, "two partitions overlap at byte %llu",
				(unsigned long long)table->items[i].start);
	}
	return 0;
}

int partition_write(struct disk *disk, const struct partition_table *table, struct error *err)
{
	int result = table->scheme == SCHEME_MBR
			     ? mbr_write(disk, table, err)
			     : (gpt_write(disk, table, err) || mbr_write_protective(disk, err));

	return result ? error_wrap(err, "partition table") : 0;
}

int partition_read(struct disk *disk, struct partition_table *ret_table, struct error *err)
{
	struct partition_table table = {0};
	struct error no_gpt = {0};

	if (!gpt_read(disk, &table, &no_gpt)) {
		*ret_table = table;
		return 0;
	}
	if (mbr_read(disk, &table, err)) {
		error_wrap(err, "%s; MBR", no_gpt.message);
		error_release(&no_gpt);
		return -1;
	}
	/* A damaged GPT has an MBR, too: the protective one. */
	if (!table.count || table.items[0].mbr_type == MBR_PROTECTIVE) {
		partition_table_release(&table);
		*err = no_gpt;
		return -1;
	}
	error_release(&no_gpt);
	*ret_table = table;
	return 0;
}

void partition_table_release(struct partition_table *table)
{
	arena_release(&table->labels);
	vector_release(table);
	*table = (struct partition_table){0};
}
