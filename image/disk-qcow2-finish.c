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

/* Version 2 has no flag for zeros; what is at the cluster's place is a hole. */
static uint64_t l2_entry(const struct qcow2 *image, uint64_t entry)
{
	return image->version == 2 && !(entry & QCOW2_COMPRESSED) ? entry & ~QCOW2_ZERO : entry;
}

static uint64_t features(const struct qcow2 *image)
{
	bool zstd = image->packer && image->compression == COMPRESSION_ZSTD;

	return (zstd ? QCOW2_FEATURE_COMPRESSION : 0) |
	       (image->extended ? QCOW2_FEATURE_EXTENDED : 0);
}

/* Writes the L2 tables; fills the L1 table, big-endian. */
static int write_l2(struct qcow2 *image, uint64_t *l1, struct error *err)
{
	uint64_t size = qcow2_cluster_size(image);
	uint64_t *entries = (uint64_t *)image->scratch;

	for (uint64_t i = 0; i < image->l1_entries; i++) {
		if (!image->tables[i])
			continue;
		for (uint64_t k = 0; k < size / sizeof(*entries); k++)
			entries[k] = htobe64(l2_entry(image, image->tables[i][k]));
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

/* How often each cluster of the file is used, those of the refcounts not yet. */
static void count_data(const struct qcow2 *image, uint16_t *counts)
{
	uint64_t size = qcow2_cluster_size(image), words = qcow2_entry_words(image), length;

	for (uint64_t i = 0; i < image->l1_entries; i++) {
		for (uint64_t k = 0; image->tables[i] && k < size / sizeof(uint64_t); k += words) {
			uint64_t entry = image->tables[i][k];
			if (!(entry & QCOW2_COMPRESSED)) {
				if (entry & QCOW2_OFFSET)
					counts[(entry & QCOW2_OFFSET) / size]++;
				continue;
			}
			uint64_t at = qcow2_compressed_place(image, entry, &length);
			for (uint64_t used = at / size; used <= (at + length - 1) / size; used++)
				counts[used]++;
		}
	}
}

/* `data_end`: the end of the clusters that the L2 tables count; those behind it are used once. */
static int write_refcounts(
	struct qcow2 *image, uint64_t data_end, struct layout *layout, struct error *err)
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
	cleanup_free uint16_t *counts = xcalloc(blocks, size);
	count_data(image, counts);
	for (uint64_t i = 0; i < total; i++)
		counts[i] = htobe16(i && i < data_end / size ? counts[i] : 1);
	for (uint64_t i = 0; i < blocks; i++)
		table[i] = htobe64(first_block + i * size);
	if (file_write_at(image->fd, first_block, counts, blocks * size, err) ||
		file_write_at(image->fd, image->end, table, table_clusters * size, err))
		return -1;
	layout->refcount_table_at = image->end;
	layout->refcount_table_clusters = table_clusters;
	image->end = total * size;
	return 0;
}

/* The header's cluster: header, extensions, name of the backing file. Version 2 has
 * less of a header, zstd more. */
static int write_header(struct qcow2 *image, const struct layout *layout, struct error *err)
{
	const struct disk *disk = &image->disk;
	cleanup_buffer struct buffer buffer = {0};
	static const uint8_t zeros[8];
	bool zstd = features(image) & QCOW2_FEATURE_COMPRESSION;
	uint32_t header_length = image->version == 2 ? QCOW2_HEADER_V2
				 : zstd              ? sizeof(struct qcow2_header)
						     : QCOW2_HEADER_V3;
	struct qcow2_header header = {
		.magic = QCOW2_MAGIC,
		.version = htobe32(image->version),
		.cluster_bits = htobe32(image->cluster_bits),
		.size = htobe64(disk->size),
		.l1_entries = htobe32(image->l1_entries),
		.l1_at = htobe64(layout->l1_at),
		.refcount_table_at = htobe64(layout->refcount_table_at),
		.refcount_table_clusters = htobe32(layout->refcount_table_clusters),
		.refcount_order = htobe32(4),
		.header_length = htobe32(header_length),
		.incompatible = htobe64(features(image)),
		.compression = zstd ? QCOW2_ZSTD : 0,
	};

	buffer_append(&buffer, &header, header_length);
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

	if (image->packer && packer_flush(image->packer, err))
		return -1;
	qcow2_pack_end(image);
	uint64_t data_end = image->end;
	if (write_l1(image, &layout, err) || write_refcounts(image, data_end, &layout, err) ||
		host_file_set_size(image->fd, image->end, err))
		return -1;
	return write_header(image, &layout, err);
}
