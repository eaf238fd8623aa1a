/* qcow2: from the guest's bytes to the file's, by the L1 and L2 tables. */
#include <endian.h>

#include "base/memory.h"
#include "disk-qcow2.h"
#include "host-file.h"

/* The L2 table of an opened image, 0 when it has none. */
static int find_table(
	const struct qcow2 *image, uint64_t l1_index, uint64_t *ret_at, struct error *err)
{
	uint64_t entry = image->l1[l1_index], at = entry & QCOW2_OFFSET;

	if (entry & ~(QCOW2_COPIED | QCOW2_OFFSET) || at % qcow2_cluster_size(image))
		return error_set(err, STATUS_FAILED, "L1 table, entry %llu: 0x%llx is no entry",
			(unsigned long long)l1_index, (unsigned long long)entry);
	if (at && (at > image->file_size || image->file_size - at < qcow2_cluster_size(image)))
		return error_set(err, STATUS_FAILED,
			"L2 table at byte 0x%llx: behind the end of the file of %llu bytes",
			(unsigned long long)at, (unsigned long long)image->file_size);
	*ret_at = at;
	return 0;
}

/* The L2 entries of an opened image from a guest cluster on: as many as the window has. */
static int load_entries(struct qcow2 *image, uint64_t cluster, const uint64_t **ret_entries,
	uint64_t *ret_count, struct error *err)
{
	uint64_t per_table = qcow2_table_entries(image), words = qcow2_entry_words(image);
	uint64_t in_window = QCOW2_WINDOW / words;
	uint64_t window = per_table < in_window ? per_table : in_window;
	uint64_t index = cluster % per_table, table = 0;

	if (find_table(image, cluster / per_table, &table, err))
		return -1;
	if (!table) {
		*ret_entries = NULL;
		*ret_count = per_table - index;
		return 0;
	}
	uint64_t at = table + index / window * window * words * sizeof(uint64_t);
	if (image->window_at != at) {
		image->window_at = 0;
		if (host_file_read(
			    image->fd, at, image->window, window * words * sizeof(uint64_t), err))
			return error_wrap(
				err, "L2 table at byte 0x%llx", (unsigned long long)table);
		for (uint64_t i = 0; i < window * words; i++)
			image->window[i] = be64toh(image->window[i]);
		image->window_at = at;
	}
	*ret_entries = image->window + index % window * words;
	*ret_count = window - index % window;
	return 0;
}

/* The L2 entries from a guest cluster on. NULL: the next `ret_count` clusters have none. */
static int find_entries(struct qcow2 *image, uint64_t cluster, const uint64_t **ret_entries,
	uint64_t *ret_count, struct error *err)
{
	uint64_t per_table = qcow2_table_entries(image), index = cluster % per_table;

	if (!image->tables)
		return load_entries(image, cluster, ret_entries, ret_count, err);
	const uint64_t *table = image->tables[cluster / per_table];
	*ret_entries = table ? table + index * qcow2_entry_words(image) : NULL;
	*ret_count = per_table - index;
	return 0;
}

static int check_place(const struct qcow2 *image, uint64_t host, struct error *err)
{
	if (host < image->end)
		return 0;
	return error_set(err, STATUS_FAILED,
		"the data at byte 0x%llx is behind the end of the file of %llu bytes",
		(unsigned long long)host, (unsigned long long)image->file_size);
}

/* What an extended entry says about a part of its cluster: its second word has two bits for each
 * part, whether it is there and whether it reads as zeros. */
static int read_part(const struct qcow2 *image, const uint64_t *words, unsigned part,
	struct qcow2_extent *ret_extent, struct error *err)
{
	uint64_t host = words[0] & QCOW2_OFFSET;
	bool there = words[1] >> part & 1, zero = words[1] >> (part + QCOW2_PARTS) & 1;

	if (words[0] & ~(QCOW2_COPIED | QCOW2_OFFSET) || host % qcow2_cluster_size(image) ||
		(there && (zero || !host)))
		return error_set(err, STATUS_FAILED, "0x%llx, 0x%llx is no entry",
			(unsigned long long)words[0], (unsigned long long)words[1]);
	*ret_extent = (struct qcow2_extent){
		.kind = zero    ? QCOW2_IS_ZERO
			: there ? QCOW2_IS_DATA
				: QCOW2_IS_BELOW,
		.host = host ? host + part * qcow2_unit(image) : 0,
	};
	return check_place(image, host, err);
}

/* What an entry says about its cluster, or that part of it. */
static int read_entry(const struct qcow2 *image, const uint64_t *words, unsigned part,
	struct qcow2_extent *ret_extent, struct error *err)
{
	uint64_t entry = words[0], host = entry & QCOW2_OFFSET;
	bool zero = entry & QCOW2_ZERO;

	if (entry & QCOW2_COMPRESSED && !(entry & QCOW2_COPIED)) {
		*ret_extent = (struct qcow2_extent){.kind = QCOW2_IS_COMPRESSED, .host = entry};
		return 0;
	}
	if (image->extended)
		return read_part(image, words, part, ret_extent, err);
	if (entry & ~(QCOW2_COPIED | QCOW2_OFFSET | QCOW2_ZERO) ||
		host % qcow2_cluster_size(image) || (zero && image->version < 3 && !image->tables))
		return error_set(
			err, STATUS_FAILED, "0x%llx is no entry", (unsigned long long)entry);
	*ret_extent = (struct qcow2_extent){
		.kind = zero   ? QCOW2_IS_ZERO
			: host ? QCOW2_IS_DATA
			       : QCOW2_IS_BELOW,
		.host = host,
	};
	return check_place(image, host, err);
}

/* Whether the unit goes on what `first` begins, `distance` bytes before it. */
static bool continues(
	const struct qcow2_extent *first, const struct qcow2_extent *next, uint64_t distance)
{
	return next->kind == first->kind && first->kind != QCOW2_IS_COMPRESSED &&
	       next->host == (first->host ? first->host + distance : 0);
}

int qcow2_map(struct qcow2 *image, uint64_t offset, uint64_t length,
	struct qcow2_extent *ret_extent, struct error *err)
{
	uint64_t size = qcow2_cluster_size(image), unit = qcow2_unit(image);
	uint64_t inside = offset % unit, first = offset % size - inside, count = 0, span = 0;
	struct qcow2_extent extent = {.kind = QCOW2_IS_BELOW}, next = extent;
	const uint64_t *entries = NULL;

	if (find_entries(image, offset / size, &entries, &count, err))
		return -1;
	uint64_t end = count * size - first;
	if (!entries)
		span = end;
	while (span < end && span < inside + length) {
		uint64_t at = first + span;
		const uint64_t *words = entries + at / size * qcow2_entry_words(image);
		if (read_entry(image, words, at % size / unit, &next, err))
			return error_wrap(err, "L2 table, entry of the disk's byte 0x%llx",
				(unsigned long long)(offset - inside + span));
		if (!span)
			extent = next;
		else if (!continues(&extent, &next, span))
			break;
		span += unit;
	}
	extent.length = span - inside < length ? span - inside : length;
	if (extent.host && extent.kind != QCOW2_IS_COMPRESSED)
		extent.host += inside;
	*ret_extent = extent;
	return 0;
}

uint64_t *qcow2_entry(struct qcow2 *image, uint64_t cluster)
{
	uint64_t per_table = qcow2_table_entries(image), words = qcow2_entry_words(image);
	uint64_t **table = &image->tables[cluster / per_table];

	if (!*table)
		*table = xcalloc(per_table * words, sizeof(**table));
	return *table + cluster % per_table * words;
}

/* The bits of the parts of a cluster, from the first to the last one that a range in it touches. */
static uint64_t part_bits(const struct qcow2 *image, uint64_t start, uint64_t end)
{
	uint64_t first = start / qcow2_unit(image), last = (end - 1) / qcow2_unit(image);

	return ((2ull << last) - 1) & ~((1ull << first) - 1);
}

void qcow2_map_set(struct qcow2 *image, uint64_t offset, uint64_t length, uint64_t host, bool zero)
{
	uint64_t size = qcow2_cluster_size(image), end = offset + length;
	uint64_t first = offset / size, last = (end - 1) / size;

	for (uint64_t cluster = first; cluster <= last; cluster++) {
		uint64_t at = host ? host / size * size + (cluster - first) * size : 0;
		uint64_t *entry = qcow2_entry(image, cluster);
		entry[0] =
			at | (at ? QCOW2_COPIED : 0) | (zero && !image->extended ? QCOW2_ZERO : 0);
		if (!image->extended)
			continue;
		uint64_t parts = part_bits(image, cluster == first ? offset % size : 0,
			cluster == last ? end - cluster * size : size);
		entry[1] &= ~(parts | parts << QCOW2_PARTS);
		entry[1] |= zero ? parts << QCOW2_PARTS : parts;
	}
}
