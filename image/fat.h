/*
 * Reading FAT12, FAT16 and FAT32, as on an EFI system partition, without mounting them. Source:
 * Microsoft's "FAT: General Overview of On-Disk Format", version 1.03. What is read may be any
 * bytes: it is checked, and nothing is believed that the slice cannot hold.
 */
#pragma once

#include "base/text.h"
#include "slice.h"

/* Reads a file of at most `limit` bytes. Names are those of MS-DOS, eight characters and three, in
 * upper or lower case: "EFI/BOOT/BOOTX64.EFI". STATUS_FAILED when it is not there. */
int fat_read_file(const struct slice *slice, const char *path, uint64_t limit,
	struct buffer *ret_content, struct error *err);
