#include "compare.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/interrupt.h"

enum { BLOCK = 4096 };

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

static void text(const struct comparison *comparison, const struct difference *difference)
{
	difference_text(comparison->differences, difference);
}

static void number(const struct comparison *comparison, const struct difference *difference,
	uint64_t first, uint64_t second)
{
	difference_number(comparison->differences, difference, first, second);
}

static void compare_uuids(const struct comparison *comparison, const char *subject,
	const char *what, const struct uuid *first, const struct uuid *second)
{
	char a[UUID_TEXT], b[UUID_TEXT];

	uuid_format(first, a);
	uuid_format(second, b);
	text(comparison, &(struct difference){"table", subject, what, a, b});
}

static void compare_partitions(const struct comparison *comparison, const char *subject,
	const struct partition *a, const struct partition *b)
{
	compare_uuids(comparison, subject, "type", &a->type, &b->type);
	compare_uuids(comparison, subject, "UUID", &a->id, &b->id);
	text(comparison, &(struct difference){"table", subject, "label", a->label, b->label});
	number(comparison, &(struct difference){"table", subject, "MBR type", NULL, NULL},
		a->mbr_type, b->mbr_type);
	number(comparison, &(struct difference){"table", subject, "start", NULL, NULL}, a->start,
		b->start);
	number(comparison, &(struct difference){"table", subject, "length", NULL, NULL}, a->length,
		b->length);
	number(comparison, &(struct difference){"table", subject, "attributes", NULL, NULL},
		a->attributes, b->attributes);
}

static const char *table_name(const struct image_view *view)
{
	return view->source.disk ? partition_scheme_name(view->table.scheme) : "of an archive";
}

static void compare_tables(const struct comparison *comparison)
{
	const struct image_view *a = comparison->views[0], *b = comparison->views[1];

	text(comparison, &(struct difference){"table", "the image", "partition table",
				 table_name(a), table_name(b)});
	if (a->table.scheme != b->table.scheme || a->table.scheme == SCHEME_NONE)
		return;
	compare_uuids(comparison, "the table", "UUID", &a->table.id, &b->table.id);
	number(comparison,
		&(struct difference){"table", "the table", "number of partitions", NULL, NULL},
		a->table.count, b->table.count);
	for (size_t i = 0; i < a->table.count && i < b->table.count; i++) {
		cleanup_free char *subject = xasprintf("table: partition %zu", i + 1);
		compare_partitions(comparison, subject, &a->table.items[i], &b->table.items[i]);
	}
}

static int compare_bytes(const struct comparison *comparison, const char *subject,
	const struct slice *first, const struct slice *second, struct error *err)
{
	uint64_t offset = 0;

	if (slice_difference(first, second, &offset, err))
		return -1;
	if (offset >= first->length)
		return 0;
	cleanup_free char *what =
		xasprintf("contents, from byte %llu on", (unsigned long long)offset);
	difference_add(comparison->differences, "image", subject, what, NULL, NULL);
	return 0;
}

static void compare_filesystems(const struct comparison *comparison, const char *subject,
	const struct image_tree *a, const struct image_tree *b)
{
	text(comparison, &(struct difference){
				 "filesystem", subject, "type", a->reader->name, b->reader->name});
	if (a->reader != b->reader)
		return;
	text(comparison, &(struct difference){"filesystem", subject, "label", a->label, b->label});
	text(comparison, &(struct difference){"filesystem", subject, "UUID", a->uuid, b->uuid});
	for (size_t i = 0; i < a->facts.count && i < b->facts.count; i++)
		text(comparison, &(struct difference){"filesystem", subject, a->facts.items[i].name,
					 a->facts.items[i].value, b->facts.items[i].value});
}

static int compare_trees(const struct comparison *comparison, const char *subject,
	struct image_tree *a, struct image_tree *b, struct error *err)
{
	size_t before = comparison->differences->count;

	compare_filesystems(comparison, subject, a, b);
	if (tree_compare(comparison, a, b, err))
		return -1;
	if (!comparison->exact || comparison->differences->count > before ||
		a->slice.length != b->slice.length)
		return 0;
	if (a->reader == &tree_reader_ext4 && b->reader == &tree_reader_ext4)
		return ext4_compare_blocks(comparison, a, b, err);
	return compare_bytes(comparison, subject, &a->slice, &b->slice, err);
}

static int compare_parts(const struct comparison *comparison, size_t index, struct error *err)
{
	const struct image_part *a = &comparison->views[0]->parts[index];
	const struct image_part *b = &comparison->views[1]->parts[index];
	cleanup_free char *subject = a->partition && a->partition->label
					     ? xasprintf("partition `%s`", a->partition->label)
					     : xasprintf("partition %zu", index + 1);

	if (a->tree && b->tree)
		return compare_trees(comparison, subject, a->tree, b->tree, err);
	text(comparison, &(struct difference){"filesystem", subject, "type",
				 a->tree ? a->tree->reader->name : "",
				 b->tree ? b->tree->reader->name : ""});
	if (a->tree || b->tree || a->slice.length != b->slice.length)
		return 0;
	return compare_bytes(comparison, subject, &a->slice, &b->slice, err);
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

/* Before, between and behind the partitions. */
static int compare_gaps(const struct comparison *comparison, struct error *err)
{
	const struct image_view *a = comparison->views[0], *b = comparison->views[1];
	uint64_t end = 0;

	for (size_t i = 0; i <= a->part_count; i++) {
		const struct slice *part = i < a->part_count ? &a->parts[i].slice : NULL;
		uint64_t next = part ? part->start : a->source.disk->size, offset = 0;
		const struct slice first = {a->source.disk, end, next - end};
		const struct slice second = {b->source.disk, end, next - end};
		if (slice_difference(&first, &second, &offset, err))
			return -1;
		if (offset < first.length)
			difference_add(comparison->differences, "image",
				name_of_gap(end + offset, a->source.disk->size), "contents", NULL,
				NULL);
		end = part ? part->start + part->length : next;
	}
	return 0;
}

static int compare_disks(const struct comparison *comparison, struct error *err)
{
	const struct image_view *a = comparison->views[0], *b = comparison->views[1];
	size_t before = comparison->differences->count;

	number(comparison, &(struct difference){"image", "the disk", "size", NULL, NULL},
		a->source.disk->size, b->source.disk->size);
	compare_tables(comparison);
	bool alike = comparison->differences->count == before;
	for (size_t i = 0; i < a->part_count && i < b->part_count; i++)
		if (compare_parts(comparison, i, err))
			return -1;
	return alike ? compare_gaps(comparison, err) : 0;
}

int image_compare(const struct comparison *comparison, struct error *err)
{
	const struct image_view *a = comparison->views[0], *b = comparison->views[1];

	if (a->source.disk && b->source.disk && a->table.scheme == b->table.scheme)
		return compare_disks(comparison, err);
	compare_tables(comparison);
	if (!a->root || !b->root)
		return error_set(err, STATUS_FAILED,
			"%s: it has no root filesystem that jeos reads",
			a->root ? b->path : a->path);
	return compare_trees(comparison, "the root", a->root->tree, b->root->tree, err);
}
