/* qcow2: the tables and the header, written when all data is in place. */
#include <endian.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/memory.h"
#include "base/size.h"
#include "disk-qcow2.h"
#include "host-file.h"

/* Where the tables are. */
struct layout {
	uint64_t l1_at, refcount_table_at, refcount_table_clusters;
};

/* Writes the L2 tables; fills the L1 table, big-endian. */
static int write_l2(struct qcow2 *image, uint64_t *l1, struct error *err)
{
	uint64_t size = qcow2_cluster_size(image);
	uint64_t *entries = (uint64_t *)image->scratch;

	for (uint64_t i = 0; i < image->l1_entries; i++) {
		if (!image->tables[i])
			continue;
		for (uint64_t k = 0; k < size / sizeof(*entries); k++)
			entries[k] = htobe64(image->tables[i][k]);
		if (interrupt_check(err) ||
			file_write_at(image->fd, image->end, entries, size, err))
			return -1;
		l1[i] = htobe64(image->end | QCOW2_COPIED);
		image->end += size;
	}
	return 0;
}

static int write_l1(struct qcow2 *image, struct layout *layout, struct error *err)
{
	cleanup_free uint64_t *l1 = xcalloc(image->l1_entries, sizeof(*l1));

	if (write_l2(image, l1, err) ||
		file_write_at(image->fd, image->end, l1, image->l1_entries * sizeof(*l1), err))
		return -1;
	layout->l1_at = image->end;
	image->end += round_up(image->l1_entries * sizeof(*l1), qcow2_cluster_size(image));
	return 0;
}

/* Every cluster of the file is used exactly once, those of the refcounts included. */
static int write_refcounts(struct qcow2 *image, struct layout *layout, struct error *err)
{
	uint64_t size = qcow2_cluster_size(image), per_block = size / sizeof(uint16_t);
	uint64_t used = image->end / size, blocks = 0, table_clusters = 0, total;

	do {
		total = used + table_clusters + blocks;
		blocks = divide_up(total, per_block);
		table_clusters = divide_up(blocks * sizeof(uint64_t), size);
	} while (total != used + table_clusters + blocks);

	uint64_t first_block = image->end + table_clusters * size;
	cleanup_free uint64_t *table = xcalloc(table_clusters, size);
	uint16_t *counts = (uint16_t *)image->scratch;
	for (uint64_t i = 0; i < blocks; i++) {
		for (uint64_t k = 0; k < per_block; k++)
			counts[k] = htobe16(i * per_block + k < total);
		table[i] = htobe64(first_block + i * size);
		if (file_write_at(image->fd, first_block + i * size, counts, size, err))
			return -1;
	}
	if (file_write_at(image->fd, image->end, table, table_clusters * size, err))
		return -1;
	layout->refcount_table_at = image->end;
	layout->refcount_table_clusters = table_clusters;
	image->end = total * size;
	return 0;
}

/* The header's cluster: header, extensions, name of the backing file. */
static int write_header(struct qcow2 *image, const struct layout *layout, struct error *err)
{
	const struct disk *disk = &image->disk;
	cleanup_buffer struct buffer buffer = {0};
	static const uint8_t zeros[8];
	struct qcow2_header header = {
		.magic = QCOW2_MAGIC,
		.version = htobe32(3),
		.cluster_bits = htobe32(image->cluster_bits),
		.size = htobe64(disk->size),
		.l1_entries = htobe32(image->l1_entries),
		.l1_at = htobe64(layout->l1_at),
		.refcount_table_at = htobe64(layout->refcount_table_at),
		.refcount_table_clusters = htobe32(layout->refcount_table_clusters),
		.refcount_order = htobe32(4),
		.header_length = htobe32(QCOW2_HEADER_V3),
	};

	buffer_append(&buffer, &header, QCOW2_HEADER_V3);
	if (disk->backing_name) {
		size_t length = strlen(disk->backing_format);
		struct qcow2_extension format = {
			htobe32(QCOW2_EXTENSION_BACKING_FORMAT), htobe32(length)};
		buffer_append(&buffer, &format, sizeof(format));
		buffer_append(&buffer, disk->backing_format, length);
		buffer_append(&buffer, zeros, round_up(length, 8) - length);
	}
	struct qcow2_extension end = {htobe32(QCOW2_EXTENSION_END), 0};
	buffer_append(&buffer, &end, sizeof(end));
	if (disk->backing_name) {
		struct qcow2_header *start = (struct qcow2_header *)buffer.data;
		start->backing_name_at = htobe64(buffer.length);
		start->backing_name_length = htobe32(strlen(disk->backing_name));
		buffer_text(&buffer, disk->backing_name);
	}
	return file_write_at(image->fd, 0, buffer.data, buffer.length, err);
}

int qcow2_finish(struct disk *disk, struct error *err)
{
	struct qcow2 *image = qcow2_of(disk);
	struct layout layout;

	if (write_l1(image, &layout, err) || write_refcounts(image, &layout, err) ||
		host_file_set_size(image->fd, image->end, err))
		return -1;
	return write_header(image, &layout, err);
}
