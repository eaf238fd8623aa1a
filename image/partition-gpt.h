/*
 * GPT on the disk (UEFI 2.10, sections 5.2 and 5.3); all numbers are little-endian, L the number of
 * 512-byte sectors:
 *
 *     0      1        2 .. 33    34 ..  L-34   L-33 .. L-2   L-1
 *     +-----+--------+----------+-------------+-------------+---------------+
 *     | MBR | header | entries  | partitions  | the same    | backup header |
 *     +-----+--------+----------+-------------+-------------+---------------+
 */
#pragma once

#include "partition.h"

enum {
	GPT_SECTOR = 512,
	GPT_REVISION = 0x00010000,
	GPT_ENTRIES = 128,
};

struct gpt_header {
	char signature[8]; /* "EFI PART" */
	uint32_t revision;
	uint32_t header_size;
	uint32_t header_crc; /* of header_size bytes, with this field zero */
	uint32_t reserved;
	uint64_t this_sector, other_sector;
	uint64_t first_usable, last_usable; /* both inclusive */
	uint8_t disk_id[16];
	uint64_t entries_sector;
	uint32_t entry_count, entry_size;
	uint32_t entries_crc;
} __attribute__((packed));
_Static_assert(sizeof(struct gpt_header) == 92, "a GPT header");

struct gpt_entry {
	uint8_t type[16]; /* zero: unused */
	uint8_t id[16];
	uint64_t first, last; /* sectors, both inclusive */
	uint64_t attributes;
	uint16_t label[36]; /* UTF-16, zero-padded */
} __attribute__((packed));
_Static_assert(sizeof(struct gpt_entry) == 128, "a GPT entry");

/* partition.h says what these do; the protective MBR is not theirs. */
int gpt_write(struct disk *disk, const struct partition_table *table, struct error *err);
int gpt_read(struct disk *disk, struct partition_table *ret_table, struct error *err);
