/*
 * VHD, the format of Virtual PC, Hyper-V (generation 1) and Azure (Virtual Hard Disk Image Format
 * Specification, version 1.0). Numbers are big-endian.
 *
 *     fixed:    the disk's bytes | footer
 *     dynamic:  footer | header | table: the sector of each block | blocks of 2 MiB | footer
 *
 * Each block of a dynamic disk is preceded by a bitmap of the sectors that were written. Ours are
 * all ones, and as other readers do we take the sectors as they are.
 */
#pragma once

#include "disk.h"

enum {
	VHD_SECTOR = 512,
	VHD_FIXED = 2,
	VHD_DYNAMIC = 3,
};
#define VHD_SIZE_MAX (2040ull << 30)
#define VHD_NOWHERE  (~0ull) /* where there is no next structure */

struct vhd_footer {
	char cookie[8];
	uint32_t features, version;
	uint64_t next; /* byte of the dynamic header */
	uint32_t time; /* seconds since 2000-01-01 */
	char creator[4];
	uint32_t creator_version, creator_system;
	uint64_t size_at_first, size; /* bytes */
	uint16_t cylinders;
	uint8_t heads, sectors; /* of a track */
	uint32_t type;
	uint32_t checksum;
	uint8_t id[16];
	uint8_t saved, reserved[427];
} __attribute__((packed));
_Static_assert(sizeof(struct vhd_footer) == VHD_SECTOR, "a VHD footer");

/* The one's complement of the sum of all bytes but those of the checksum itself, which is at byte
 * `at`; in the file's byte order. */
uint32_t vhd_checksum(const void *data, size_t length, size_t at);
struct vhd_footer vhd_footer_make(const struct disk_options *options, uint32_t type);
/* Whether the bytes are a footer of that type, undamaged. */
bool vhd_footer_valid(const uint8_t bytes[VHD_SECTOR], uint32_t type);
/* Gives a footer, valid but for its contents, in the host's byte order. */
int vhd_footer_read(int fd, uint64_t at, struct vhd_footer *ret_footer, struct error *err);
