/*
 * The MBR: the disk's first sector, with a table of four partitions. Sectors are counted by 32
 * bits; the fields that count cylinders, heads and sectors say that they cannot.
 *
 *     0           440         444  446                                510
 *     +-----------+-----------+----+-------+-------+-------+-------+-------+
 *     | boot code | signature | 0  | entry | entry | entry | entry | 55 aa |
 *     +-----------+-----------+----+-------+-------+-------+-------+-------+
 */
#pragma once

#include "partition.h"

enum {
	MBR_SECTOR = 512,
	MBR_SIGNATURE = 440,
	MBR_ENTRIES = 446,
	MBR_ENTRY_COUNT = 4,
	MBR_ACTIVE = 0x80,
};

/* What an entry's type says; all others are taken for a partition. */
enum {
	MBR_UNUSED = 0x00,
	MBR_EXTENDED = 0x05, /* holds more partitions, by the BIOS's geometry */
	MBR_EXTENDED_LBA = 0x0f,
	MBR_SWAP = 0x82,
	MBR_LINUX = 0x83,
	MBR_EXTENDED_LINUX = 0x85,
	MBR_PROTECTIVE = 0xee, /* the disk has a GPT */
	MBR_ESP = 0xef,
};

struct mbr_entry {
	uint8_t active; /* MBR_ACTIVE or 0 */
	uint8_t first_chs[3];
	uint8_t type;
	uint8_t last_chs[3];
	uint32_t first, sectors; /* little-endian */
} __attribute__((packed));
_Static_assert(sizeof(struct mbr_entry) == 16, "an MBR entry");

/* partition.h says what these do. */
int mbr_write(struct disk *disk, const struct partition_table *table, struct error *err);
int mbr_read(struct disk *disk, struct partition_table *ret_table, struct error *err);
/* The MBR of a disk with a GPT. */
int mbr_write_protective(struct disk *disk, struct error *err);
