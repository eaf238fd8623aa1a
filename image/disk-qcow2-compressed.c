/* qcow2: compressed clusters, read and written. */
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/size.h"
#include "disk-qcow2.h"
#include "host-file.h"

enum { SECTOR = 512, PACK_RUN = MIB };

/* The bits of an entry that hold the byte where the data starts. Those above it count the sectors
 * behind the one of that byte. */
static unsigned offset_bits(const struct qcow2 *image)
{
	return 62 - (image->cluster_bits - 8);
}

uint64_t qcow2_compressed_place(const struct qcow2 *image, uint64_t entry, uint64_t *ret_length)
{
	uint64_t at = entry & ((1ull << offset_bits(image)) - 1);
	uint64_t sectors = (entry & (QCOW2_COMPRESSED - 1)) >> offset_bits(image);

	*ret_length = (sectors + 1) * SECTOR - at % SECTOR;
	return at;
}

static uint64_t compressed_entry(const struct qcow2 *image, uint64_t at, uint64_t length)
{
	uint64_t sectors = (at + length - 1) / SECTOR - at / SECTOR;

	return QCOW2_COMPRESSED | sectors << offset_bits(image) | at;
}

int qcow2_inflate(struct qcow2 *image, uint64_t entry, struct error *err)
{
	uint64_t size = qcow2_cluster_size(image), length;
	uint64_t at = qcow2_compressed_place(image, entry, &length);
	const struct inflated inflated = {image->scratch, size, size};

	if (at >= image->end)
		return error_set(err, STATUS_FAILED,
			"compressed cluster at byte 0x%llx: behind the end of the file of %llu "
			"bytes",
			(unsigned long long)at, (unsigned long long)image->file_size);
	cleanup_free uint8_t *data = xmalloc(length);
	if (host_file_read(image->fd, at, data, length, err))
		return error_wrap(err, "compressed cluster at byte 0x%llx", (unsigned long long)at);
	if (!compression_inflate(image->compression, data, length, &inflated))
		return error_set(err, STATUS_FAILED, "compressed cluster at byte 0x%llx: damaged",
			(unsigned long long)at);
	return 0;
}

/* Clusters that do not shrink are kept as they are, at a cluster of their own. */
static int put_plain(struct qcow2 *image, uint64_t cluster, const uint8_t *data, struct error *err)
{
	uint64_t size = qcow2_cluster_size(image), host = image->end;

	if (file_write_at(image->fd, host, data, size, err))
		return -1;
	image->end += size;
	qcow2_map_set(image, cluster * size, size, host, false);
	return 0;
}

/* Remembers room that nothing uses any more, if it is worth it. */
static void add_gap(struct qcow2 *image, uint64_t at, uint64_t length)
{
	struct qcow2_gap *smallest = &image->gaps[0];

	for (size_t i = 1; i < array_count(image->gaps); i++)
		if (image->gaps[i].length < smallest->length)
			smallest = &image->gaps[i];
	if (smallest->length < length)
		*smallest = (struct qcow2_gap){at, length};
}

/* What a cluster had that is put again or dropped: its entry, or just its place. The last sector of
 * a compressed one may hold the start of another. */
static void give_up(struct qcow2 *image, uint64_t entry)
{
	uint64_t length, at = qcow2_compressed_place(image, entry, &length);

	if (!(entry & QCOW2_COMPRESSED))
		add_gap(image, entry & QCOW2_OFFSET,
			entry & QCOW2_OFFSET ? qcow2_cluster_size(image) : 0);
	else if (length > SECTOR)
		add_gap(image, at, length - SECTOR);
}

/* The smallest gap that the length fits into; NULL: none. */
static struct qcow2_gap *find_gap(struct qcow2 *image, uint64_t length)
{
	struct qcow2_gap *best = NULL;

	for (size_t i = 0; i < array_count(image->gaps); i++) {
		struct qcow2_gap *gap = &image->gaps[i];
		if (gap->length >= length && (!best || gap->length < best->length))
			best = gap;
	}
	return best;
}

/* Gives a compressed cluster its place: in a gap, or in a run of the file that is filled with them,
 * so that one that stays as it is does not part them. */
static uint64_t pack(struct qcow2 *image, uint64_t length)
{
	uint64_t size = qcow2_cluster_size(image);
	struct qcow2_gap *gap = find_gap(image, length);

	if (gap) {
		gap->at += length;
		gap->length -= length;
		return gap->at - length;
	}
	if (image->packed_end - image->packed < length) {
		if (image->packed_end != image->end) {
			add_gap(image, image->packed, image->packed_end - image->packed);
			image->packed = image->end;
		}
		image->end += size < PACK_RUN ? PACK_RUN : size;
		image->packed_end = image->end;
	}
	image->packed += length;
	return image->packed - length;
}

void qcow2_pack_end(struct qcow2 *image)
{
	if (image->packed_end == image->end)
		image->end = round_up(image->packed, qcow2_cluster_size(image));
}

static int put(void *context, const struct compressed *block, struct error *err)
{
	struct qcow2 *image = context;
	uint64_t *entry = qcow2_entry(image, block->number);

	image->inflated = 0;
	give_up(image, *entry);
	if (!block->length)
		return put_plain(image, block->number, block->data, err);
	uint64_t at = pack(image, block->length);
	*entry = compressed_entry(image, at, block->length);
	return file_write_at(image->fd, at, block->result, block->length, err);
}

static int drop(void *context, uint64_t number, struct error *err)
{
	struct qcow2 *image = context;
	uint64_t size = qcow2_cluster_size(image);
	struct qcow2_extent extent;

	if (qcow2_map(image, number * size, size, &extent, err))
		return -1;
	if (extent.kind == QCOW2_IS_DATA && host_file_zero(image->fd, extent.host, size, err))
		return -1;
	give_up(image, extent.host);
	if (extent.kind != QCOW2_IS_BELOW || image->disk.backing)
		qcow2_map_set(image, number * size, size, 0, image->disk.backing);
	return 0;
}

static int load(void *context, uint64_t number, uint8_t *data, struct error *err)
{
	struct qcow2 *image = context;
	uint64_t size = qcow2_cluster_size(image), offset = number * size;
	uint64_t left = image->disk.size - offset, length = left < size ? left : size;

	memset(data + length, 0, size - length);
	return qcow2_read_stored(image, offset, data, length, err);
}

int qcow2_compress(struct qcow2 *image, unsigned level, struct error *err)
{
	uint32_t size = qcow2_cluster_size(image);
	const struct packer_options options = {.compression = image->compression,
		.level = level,
		.size = size,
		.room = size - 1,
		.put = put,
		.drop = drop,
		.load = load,
		.context = image};

	return packer_new(&options, &image->packer, err);
}
