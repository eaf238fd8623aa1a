#include "compare.h"

#include <fcntl.h>
#include <stdarg.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/hash.h"
#include "base/interrupt.h"
#include "ext4.h"
#include "partition.h"

enum { BLOCK = 4096 };

void difference_add(struct differences *differences, const char *format, ...)
{
	va_list arguments;

	if (differences->count++ >= DIFFERENCES_SHOWN)
		return;
	va_start(arguments, format);
	cleanup_free char *line = xvasprintf(format, arguments);
	va_end(arguments);
	buffer_printf(&differences->text, "%s\n", line);
}

void differences_release(struct differences *differences)
{
	buffer_release(&differences->text);
}

static int block_differs(const struct slice *first, const struct slice *second, uint64_t offset,
	bool *ret_differs, struct error *err)
{
	uint8_t a[BLOCK], b[BLOCK];
	uint64_t length = first->length - offset < BLOCK ? first->length - offset : BLOCK;

	if (slice_read(first, offset, a, length, err) || slice_read(second, offset, b, length, err))
		return -1;
	*ret_differs = memcmp(a, b, length);
	return 0;
}

int slice_difference(
	const struct slice *first, const struct slice *second, uint64_t *offset, struct error *err)
{
	while (*offset < first->length) {
		uint64_t in_first, in_second;
		uint64_t left = first->length - *offset;
		bool differs = false;
		bool data_first =
			disk_has_data(first->disk, first->start + *offset, left, &in_first);
		bool data_second =
			disk_has_data(second->disk, second->start + *offset, left, &in_second);
		uint64_t empty = in_first < in_second ? in_first : in_second;
		if (interrupt_check(err))
			return -1;
		if (!data_first && !data_second && empty >= BLOCK) {
			*offset += empty / BLOCK * BLOCK;
			continue;
		}
		if (block_differs(first, second, *offset, &differs, err))
			return -1;
		if (differs)
			return 0;
		*offset += left < BLOCK ? left : BLOCK;
	}
	return 0;
}

static bool same_uuid(const struct uuid *a, const struct uuid *b)
{
	return !memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

static void compare_tables(const struct partition_table *first,
	const struct partition_table *second, struct differences *differences)
{
	if (first->scheme != second->scheme)
		difference_add(differences, "the kind of partition table");
	if (!same_uuid(&first->id, &second->id))
		difference_add(differences, "table: the disk's UUID");
	if (first->count != second->count)
		difference_add(
			differences, "table: %zu and %zu partitions", first->count, second->count);
	for (size_t i = 0; i < first->count && i < second->count; i++) {
		const struct partition *a = &first->items[i], *b = &second->items[i];
		const struct {
			const char *name;
			bool same;
		} fields[] = {
			{"type", same_uuid(&a->type, &b->type) && a->mbr_type == b->mbr_type},
			{"UUID", same_uuid(&a->id, &b->id)},
			{"start", a->start == b->start},
			{"length", a->length == b->length},
			{"attributes", a->attributes == b->attributes},
			{"label", text_equal(a->label, b->label)},
		};
		for (size_t field = 0; field < array_count(fields); field++)
			if (!fields[field].same)
				difference_add(differences, "table: partition %zu: its %s", i + 1,
					fields[field].name);
	}
}

/* What lies at a byte of the disk outside of all partitions. */
static const char *name_of_gap(uint64_t offset, uint64_t size)
{
	if (offset < BLOCK)
		return "the disk's first block (boot code, MBR, GPT header)";
	if (offset < PARTITION_HEAD)
		return "GPT: the entries";
	return offset >= (size - PARTITION_TAIL) / BLOCK * BLOCK ? "GPT: the backup"
								 : "the space between partitions";
}

static int compare_bytes(const char *what, const struct slice *first, const struct slice *second,
	struct differences *differences, struct error *err)
{
	uint64_t offset = 0;

	if (slice_difference(first, second, &offset, err))
		return -1;
	if (offset < first->length)
		difference_add(differences, "%s: the contents, from byte %llu on",
			what ? what : name_of_gap(first->start + offset, first->disk->size),
			(unsigned long long)(offset));
	return 0;
}

static int compare_partition(struct disk *first, struct disk *second,
	const struct partition *partition, struct differences *differences, struct error *err)
{
	const struct slice a = {first, partition->start, partition->length};
	const struct slice b = {second, partition->start, partition->length};
	cleanup_free char *name =
		xasprintf("partition `%s`", partition->label ? partition->label : "");

	if (ext4_probe(&a) && ext4_probe(&b))
		return ext4_compare(&a, &b, differences, err);
	return compare_bytes(name, &a, &b, differences, err);
}

/* Partitions, and what lies before, between and behind them. */
static int compare_contents(struct disk *first, struct disk *second,
	const struct partition_table *table, struct differences *differences, struct error *err)
{
	uint64_t end = 0;

	for (size_t i = 0; i <= table->count; i++) {
		const struct partition *partition = i < table->count ? &table->items[i] : NULL;
		uint64_t next = partition ? partition->start : first->size;
		const struct slice a = {first, end, next - end}, b = {second, end, next - end};
		if (compare_bytes(NULL, &a, &b, differences, err))
			return -1;
		if (!partition)
			return 0;
		if (compare_partition(first, second, partition, differences, err))
			return -1;
		end = partition->start + partition->length;
	}
	return 0;
}

static int compare_disks(
	struct disk *first, struct disk *second, struct differences *differences, struct error *err)
{
	struct partition_table a, b;

	if (first->size != second->size) {
		difference_add(differences, "the disk's size: %llu and %llu bytes",
			(unsigned long long)first->size, (unsigned long long)second->size);
		return 0;
	}
	if (partition_read(first, &a, err))
		return -1;
	int result = partition_read(second, &b, err);
	if (!result) {
		compare_tables(&a, &b, differences);
		if (!differences->count)
			result = compare_contents(first, second, &a, differences, err);
		partition_table_release(&b);
	}
	partition_table_release(&a);
	return result;
}

int image_compare(
	const char *first, const char *second, struct differences *differences, struct error *err)
{
	cleanup_disk struct disk *a = NULL, *b = NULL;
	char first_hash[HASH_TEXT], second_hash[HASH_TEXT];
	size_t before = differences->count;

	if (hash_file(AT_FDCWD, first, first_hash, err) ||
		hash_file(AT_FDCWD, second, second_hash, err))
		return -1;
	if (!strcmp(first_hash, second_hash))
		return 0;
	if (disk_open(first, false, &a, err) || disk_open(second, false, &b, err) ||
		compare_disks(a, b, differences, err))
		return -1;
	if (differences->count == before)
		difference_add(differences,
			"%s: the guest sees the same; where the file keeps it is different",
			a->driver->name);
	return 0;
}
