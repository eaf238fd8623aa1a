/*
 * Formats: what a word of a recipe's `disk.formats`, or of a platform's row, names. One word is one
 * file:
 *   a disk (disk.h): the partitioned disk, in the format of a driver
 *   a filesystem (filesystem.h): the root alone, without a partition table
 *   a bundle (bundle.h): anything else that is made of the appliance
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct bundle;
struct disk_driver;
struct filesystem;

struct format {
	const char *name, *suffix, *summary; /* as those of the driver or the bundle */
	const struct disk_driver *disk;      /* one of these is set */
	const struct filesystem *filesystem;
	const struct bundle *bundle;
};

/* The formats in the order of `jeos list formats`; false behind the last. */
bool format_at(size_t index, struct format *ret_format);
bool format_find(const char *name, struct format *ret_format);
/* The format of a file by its name, whose suffix is the longest that fits. */
bool format_of_file(const char *file, struct format *ret_format);
