/* A FAT filesystem, opened: what reading a file by its name (fat.c) and reading all (read-fat.c)
 * share. */
#pragma once

#include "base/memory.h"
#include "base/text.h"
#include "slice.h"

/* An entry of a directory; all numbers are little-endian. */
struct fat_entry {
	char name[11]; /* eight and three, padded by blanks */
	uint8_t attributes;
	uint8_t reserved[2]; /* the first says whether name and ending are in lower case */
	uint8_t times[6];    /* of making, to its fraction, and the last access */
	uint16_t cluster_high;
	uint16_t time, date; /* of the last modification */
	uint16_t cluster_low;
	uint32_t size;
} __attribute__((packed));
_Static_assert(sizeof(struct fat_entry) == 32, "a directory entry");

enum { FAT_VOLUME = 0x08, FAT_DIRECTORY = 0x10 }; /* parts of long names are volumes too */
enum { FAT_FIRST_CLUSTER = 2 };

/* A filesystem; sizes and places in bytes. */
struct fat {
	const struct slice *slice;
	unsigned bits; /* of an entry of the table: 12, 16 or 32 */
	uint64_t table, root, root_length, data, cluster_size;
	uint32_t cluster_count, root_cluster; /* clusters are numbered from 2 */
};

struct fat_clusters {
	uint32_t *items;
	size_t count, capacity;
};

int fat_open(const struct slice *slice, struct fat *ret_fat, struct error *err);
/* The first cluster of what an entry names, and the byte where a cluster is. */
uint32_t fat_entry_cluster(const struct fat_entry *entry);
uint64_t fat_cluster_place(const struct fat *fat, uint32_t cluster);
/* The chain of clusters from this one on, as far as `limit` bytes need it. */
int fat_chain(const struct fat *fat, uint32_t cluster, uint64_t limit,
	struct fat_clusters *clusters, struct error *err);
/* The entries of a directory, which starts at a cluster; 0: the root. The clusters that it takes
 * are added to the list. */
int fat_read_directory(const struct fat *fat, uint32_t cluster, struct fat_clusters *clusters,
	struct buffer *ret_content, struct error *err);
/* How many clusters are free. */
int fat_count_free(const struct fat *fat, uint64_t *ret_count, struct error *err);
