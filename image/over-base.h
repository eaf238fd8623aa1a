/*
 * A disk that is written whole, as if there were nothing before it, and kept as what it has that a
 * base has not: what is written is compared with the base, block by block, and what is left out
 * reads as zeros whatever the base has there.
 *
 *     writer -> over-base -> overlay, of a format that has backing files -> file
 *                  |            |
 *                  +-- base <---+
 */
#pragma once

#include "disk.h"

/* Makes the overlay by the options, which say nothing of a backing disk, over a base that is no
 * larger and outlives it. The base's name is recorded as it is to be found from the new file's
 * directory. When it fails, no file is left behind. */
int over_base_create(const struct disk_driver *driver, const struct disk_options *options,
	struct disk *base, struct disk **ret_disk, struct error *err);
