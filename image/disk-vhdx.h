/*
 * VHDX, Hyper-V's format ([MS-VHDX]). Numbers are little-endian, GUIDs as GPT has them, places
 * whole MiB; checksums are CRC-32C over the whole structure with the checksum's own bytes zero.
 *
 *     0       signature             1 MiB   log, which is empty
 *     64 KiB  header, twice         2 MiB   metadata: table, items behind 64 KiB
 *     192 KiB region table, twice   3 MiB   block table, blocks of 1 MiB
 *
 * So what we write; readers find metadata and block table by the region table.
 */
#pragma once

#include "disk.h"

enum {
	VHDX_UNIT = 64 * 1024, /* what the first structures are apart */
	VHDX_HEADER_AT = VHDX_UNIT,
	VHDX_REGIONS_AT = 3 * VHDX_UNIT,
	VHDX_SECTOR = 512,
	VHDX_BLOCK_BITS_MIN = 20,
	VHDX_BLOCK_BITS_MAX = 28,
};
#define VHDX_SIGNATURE "vhdxfile"
#define VHDX_SIZE_MAX  (64ull << 40)

struct vhdx_header {
	char signature[4]; /* "head" */
	uint32_t checksum;
	uint64_t sequence; /* the header with the higher one is the current one */
	uint8_t file_write[16], data_write[16];
	uint8_t log[16]; /* zero: the log is empty */
	uint16_t log_version, version;
	uint32_t log_length;
	uint64_t log_at;
	uint8_t reserved[4016];
} __attribute__((packed));
_Static_assert(sizeof(struct vhdx_header) == 4096, "a VHDX header");

struct vhdx_region {
	uint8_t type[16];
	uint64_t at;
	uint32_t length, required;
} __attribute__((packed));

enum { VHDX_REGIONS = 2047 };

struct vhdx_regions {
	char signature[4]; /* "regi" */
	uint32_t checksum, count, reserved;
	struct vhdx_region items[VHDX_REGIONS];
	uint8_t padding[16];
} __attribute__((packed));
_Static_assert(sizeof(struct vhdx_regions) == VHDX_UNIT, "a VHDX region table");

struct vhdx_item {
	uint8_t type[16];
	uint32_t at, length; /* from the start of the metadata */
	uint32_t flags, reserved;
} __attribute__((packed));

enum { VHDX_ITEMS = 2047 };

struct vhdx_metadata {
	char signature[8]; /* "metadata" */
	uint16_t reserved, count;
	uint8_t reserved_too[20];
	struct vhdx_item items[VHDX_ITEMS];
} __attribute__((packed));
_Static_assert(sizeof(struct vhdx_metadata) == VHDX_UNIT, "VHDX metadata");

/* The kinds of region and of metadata, as they are in the file. */
struct vhdx_types {
	uint8_t block_table[16], metadata[16];
	uint8_t file_parameters[16], size[16], id[16], logical_sector[16], physical_sector[16];
};
struct vhdx_types vhdx_types(void);

/* An entry of the block table: the place of a block, in MiB, and what is there. */
#define VHDX_PLACE ~((1ull << 20) - 1)
enum {
	VHDX_STATE = 7,
	VHDX_PRESENT = 6,
	VHDX_PARTLY = 7, /* of a difference to another image */
};

/* So many blocks are followed by an entry for a bitmap, which only differences have. */
uint64_t vhdx_chunk(uint32_t sector, uint32_t block_size);
/* The entries of the table up to and with that of the last block. */
uint64_t vhdx_table_entries(uint64_t blocks, uint64_t chunk);

/* CRC-32C with the four bytes behind the signature of four for zero, in the file's byte order. */
uint32_t vhdx_checksum(const void *structure, size_t length);

/* vhdx-read.c: what is found in the metadata of an opened image. */
struct vhdx_geometry {
	uint64_t size;
	uint64_t table_at; /* byte of the block table */
	uint64_t chunk;
	uint32_t block_size;
};
int vhdx_read_geometry(
	int fd, uint64_t file_size, struct vhdx_geometry *ret_geometry, struct error *err);
