/*
 * qcow2, versions 2 and 3 (QEMU's docs/interop/qcow2.txt). Numbers in the file are big-endian.
 *
 *     guest cluster number = L1 index : L2 index
 *
 *     header ──▶ L1 table ──▶ L2 table ──▶ cluster of data        an L2 table fills one cluster
 *       └──────▶ refcount table ──▶ refcount block                so does a refcount block
 *
 * What we write has this order:
 *
 *     header | data as it came | L2 tables | L1 table | refcount table | refcount blocks
 *
 * With extended L2 entries, which overlays can have, each says of the 32 parts of its cluster
 * whether they are here, or read as zeros, or are below.
 *
 * A compressed cluster takes as many bytes as it needs, wherever the one before it ended: several
 * share a cluster of the file, which is counted once for each.
 */
#pragma once

#include "disk.h"
#include "packer.h"

enum {
	QCOW2_BITS_MIN = 9, /* of the cluster size */
	QCOW2_BITS_MAX = 21,
	QCOW2_BITS_DEFAULT = 16,
	QCOW2_BITS_ZSTD = 18, /* the same of images compressed with it, but for overlays */
	QCOW2_EXTENDED_BITS_MIN = 14,
	QCOW2_L1_MAX = 32 * 1024 * 1024 / 8, /* QEMU's limits */
	QCOW2_BACKING_NAME_MAX = 1023,
	QCOW2_HEADER_V2 = 72,
	QCOW2_EXTENSION_END = 0,
	QCOW2_GAPS = 64,
	QCOW2_PARTS = 32, /* of a cluster with an extended entry */
	QCOW2_FEATURE_EXTENDED = 1 << 4,
	QCOW2_FEATURE_COMPRESSION = 1 << 3, /* incompatible: another one than deflate */
	QCOW2_ZSTD = 1,                     /* in the header; else deflate */
	QCOW2_WINDOW = 512, /* words of L2 tables of an opened image that are held at a time */
};
#define QCOW2_MAGIC                    "QFI\xfb"
#define QCOW2_EXTENSION_BACKING_FORMAT 0xe2792acau

struct qcow2_header {
	char magic[4];
	uint32_t version;
	uint64_t backing_name_at;
	uint32_t backing_name_length;
	uint32_t cluster_bits;
	uint64_t size;
	uint32_t encryption;
	uint32_t l1_entries;
	uint64_t l1_at;
	uint64_t refcount_table_at;
	uint32_t refcount_table_clusters;
	uint32_t snapshot_count;
	uint64_t snapshots_at;
	/* From version 3 on: */
	uint64_t incompatible, compatible, autoclear; /* features */
	uint32_t refcount_order;                      /* a refcount has 1 << this bits */
	uint32_t header_length;
	/* Behind what a header must have; there if header_length says so. */
	uint8_t compression;
	uint8_t padding[7];
} __attribute__((packed));
enum { QCOW2_HEADER_V3 = offsetof(struct qcow2_header, compression) };
_Static_assert(QCOW2_HEADER_V3 == 104, "a qcow2 header, version 3");

struct qcow2_extension {
	uint32_t type, length; /* of the data that follows, padded to 8 bytes */
} __attribute__((packed));

/* Entries of L1 and L2 tables. */
#define QCOW2_COPIED     (1ull << 63) /* its refcount is exactly one */
#define QCOW2_COMPRESSED (1ull << 62)
#define QCOW2_OFFSET     0x00fffffffffffe00ull
#define QCOW2_ZERO       1ull /* reads as zeros, whatever is at its offset and below */

/* Room between compressed clusters. */
struct qcow2_gap {
	uint64_t at, length; /* bytes; 0: none */
};

struct qcow2 {
	struct disk disk;
	int fd; /* owned */
	unsigned cluster_bits;
	/* Of the file's clusters. While writing: where the next one goes. All the file behind it,
	 * and every cluster with QCOW2_ZERO, is a hole. */
	uint64_t end;
	uint64_t l1_entries;
	uint8_t *scratch; /* one cluster; owned */

	unsigned version;
	enum compression compression; /* of clusters that are compressed */

	bool extended; /* L2 entries have two words, the second for the parts of the cluster */

	/* A disk that was created: its L2 tables in the host's byte order, owned. NULL: nothing of
	 * that range was ever written. */
	uint64_t **tables;
	struct packer *packer; /* of compressed images: all writes go through it; owned */
	/* Where the next compressed cluster goes, if it fits before that end. */
	uint64_t packed, packed_end;
	struct qcow2_gap gaps[QCOW2_GAPS]; /* the largest ones, for more of them */

	/* A disk that was opened: */
	uint64_t file_size;
	uint64_t *l1;                             /* in the host's byte order; owned */
	uint64_t window[QCOW2_WINDOW], window_at; /* a part of an L2 table, and its place */
	uint64_t inflated; /* the compressed cluster, as its L2 entry, that scratch holds; 0: none
			    */
};

static inline struct qcow2 *qcow2_of(struct disk *disk)
{
	return (struct qcow2 *)disk;
}

static inline uint64_t qcow2_cluster_size(const struct qcow2 *image)
{
	return 1ull << image->cluster_bits;
}

/* What an L2 entry can tell apart: a cluster, or a part of it. */
static inline uint64_t qcow2_unit(const struct qcow2 *image)
{
	return qcow2_cluster_size(image) / (image->extended ? QCOW2_PARTS : 1);
}

static inline unsigned qcow2_entry_words(const struct qcow2 *image)
{
	return image->extended ? 2 : 1;
}

static inline uint64_t qcow2_table_entries(const struct qcow2 *image)
{
	return qcow2_cluster_size(image) / sizeof(uint64_t) / qcow2_entry_words(image);
}

enum qcow2_kind { QCOW2_IS_BELOW, QCOW2_IS_ZERO, QCOW2_IS_DATA, QCOW2_IS_COMPRESSED };

/* How a range of the guest's bytes is kept. */
struct qcow2_extent {
	enum qcow2_kind kind;
	uint64_t host; /* the byte in the file, 0: none; of a compressed cluster its L2 entry */
	uint64_t length;
};

/* disk-qcow2-map.c: how the bytes from `offset` on are kept, `length` of them or as far as they are
 * alike and contiguous in the file. */
int qcow2_map(struct qcow2 *image, uint64_t offset, uint64_t length,
	struct qcow2_extent *ret_extent, struct error *err);
/* The words of the L2 entry of a cluster of a disk that was created; its table is made when needed.
 */
uint64_t *qcow2_entry(struct qcow2 *image, uint64_t cluster);
/* Records that the clusters of the range, or the parts of them that it touches, are at `host` (0:
 * nowhere) in the file, in a row. The range lies within one L2 table. */
void qcow2_map_set(struct qcow2 *image, uint64_t offset, uint64_t length, uint64_t host, bool zero);

int qcow2_read(struct disk *disk, uint64_t offset, void *data, uint64_t length, struct error *err);
/* The same, past what a packer still keeps. */
int qcow2_read_stored(
	struct qcow2 *image, uint64_t offset, void *data, uint64_t length, struct error *err);
/* Reads what the disk below has; behind its end there are zeros. */
int qcow2_read_below(
	struct qcow2 *image, uint64_t offset, void *data, uint64_t length, struct error *err);
/* Where an entry says that a compressed cluster is; it may take all of these bytes. */
uint64_t qcow2_compressed_place(const struct qcow2 *image, uint64_t entry, uint64_t *ret_length);
/* Decompresses a cluster into the scratch. */
int qcow2_inflate(struct qcow2 *image, uint64_t entry, struct error *err);
/* Makes an image that is being created compress what is written to it. */
int qcow2_compress(struct qcow2 *image, unsigned level, struct error *err);
/* No more of them come: what they have not filled is given back, if it is at the end. */
void qcow2_pack_end(struct qcow2 *image);

int qcow2_create(const struct disk_options *options, struct disk **ret_disk, struct error *err);
int qcow2_create_v2(const struct disk_options *options, struct disk **ret_disk, struct error *err);
int qcow2_write(
	struct disk *disk, uint64_t offset, const void *data, uint64_t length, struct error *err);
int qcow2_zero(struct disk *disk, uint64_t offset, uint64_t length, struct error *err);
int qcow2_finish(struct disk *disk, struct error *err);

int qcow2_open(const char *path, bool writable, struct disk **ret_disk, struct error *err);
