/*
 * VMDK, VMware's format: one file with the descriptor inside (Virtual Disk Format 5.0, "Hosted
 * Sparse Extents"). Numbers are little-endian; places are sectors of 512 bytes.
 *
 *     grain number = directory index : table index        a table has 512 entries, each a grain's
 *                                                         place, 0: zeros
 *     monolithicSparse:  header | descriptor | directory, tables, twice | grains as they came
 *     streamOptimized:   header | descriptor | grains by number, compressed, each table behind
 *                        its last grain | directory | footer | end
 *
 * In a stream there is a marker before each thing, so that it can be read from start to end; its
 * first header cannot know the directory's place, the footer, a copy of it, does.
 */
#pragma once

#include "blocks.h"

enum {
	VMDK_SECTOR = 512,
	VMDK_GRAIN = 64 * 1024, /* of those that we write */
	VMDK_GRAIN_MAX = 1024 * 1024,
	VMDK_TABLE = 512,
	VMDK_DESCRIPTOR_AT = 1, /* where we write it, and how long, in sectors */
	VMDK_DESCRIPTOR_SIZE = 20,
	VMDK_NEWLINES = 1 << 0, /* flags */
	VMDK_BACKUP = 1 << 1,
	VMDK_COMPRESSED = 1 << 16,
	VMDK_MARKERS = 1 << 17,
	VMDK_DEFLATE = 1, /* compression */
};
#define VMDK_MAGIC      "KDMV"
#define VMDK_DESCRIPTOR "# Disk DescriptorFile" /* of an image in other files */
#define VMDK_AT_END     (~0ull)                 /* the directory's place: see the footer */
#define VMDK_SIZE_MAX   (2040ull << 30)         /* a grain's place has 32 bits */

struct vmdk_header {
	char magic[4];
	uint32_t version, flags;
	uint64_t capacity, grain, descriptor_at, descriptor_size; /* sectors */
	uint32_t table_entries;
	uint64_t backup_at, directory_at, overhead;
	uint8_t unclean;
	char newlines[4]; /* which transfers as text would have changed */
	uint16_t compression;
	uint8_t padding[433];
} __attribute__((packed));
_Static_assert(sizeof(struct vmdk_header) == VMDK_SECTOR, "a VMDK header");

enum vmdk_marker_type {
	VMDK_MARKER_END,
	VMDK_MARKER_TABLE,
	VMDK_MARKER_DIRECTORY,
	VMDK_MARKER_FOOTER
};

/* Before a grain, its first sector and its length in bytes, and the data follows at once. Before
 * anything else its length in sectors, 0 and the type; then up to a whole sector zeros. */
struct vmdk_marker {
	uint64_t value;
	uint32_t length;
	uint32_t type;
} __attribute__((packed));
enum { VMDK_GRAIN_MARKER = offsetof(struct vmdk_marker, type) };
_Static_assert(VMDK_GRAIN_MARKER == 12, "a VMDK grain's marker");

struct vmdk_header vmdk_header_make(uint64_t size);
/* The descriptor, of the type "monolithicSparse" or such; owned by the caller. */
char *vmdk_descriptor(const char *type, uint64_t size, const struct uuid *id);
/* Writes it into an image that begins at the byte `base` of the file. */
int vmdk_write_descriptor(int fd, uint64_t base, const char *descriptor, struct error *err);

/* The tables of an opened image. */
struct vmdk_tables {
	int fd; /* borrowed */
	uint64_t file_size;
	uint64_t size, directory_at; /* bytes */
	uint32_t grain;              /* bytes */
	struct blocks_window directory_window, table_window;
};

bool vmdk_recognize(const struct disk_ends *ends, uint32_t flags);
/* Reads header and footer of an open file. */
int vmdk_tables_open(int fd, uint64_t file_size, struct vmdk_tables *ret_tables, struct error *err);
/* The byte in the file where a grain is, 0: it is zeros. */
int vmdk_find(struct vmdk_tables *tables, uint64_t grain, uint64_t *ret_place, struct error *err);
