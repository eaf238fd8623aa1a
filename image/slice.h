/* A slice: the window [start, start + length) of a disk, such as a partition. Offsets are its own.
 */
#pragma once

#include "disk.h"

struct slice {
	struct disk *disk; /* borrowed */
	uint64_t start, length;
};

/* Whether there is a disk, and all of the slice is on it. */
static inline bool slice_is_inside(const struct slice *slice)
{
	const struct disk *disk = slice->disk;

	return disk && slice->start <= disk->size && slice->length <= disk->size - slice->start;
}

int slice_read(
	const struct slice *slice, uint64_t offset, void *data, uint64_t length, struct error *err);
int slice_write(const struct slice *slice, uint64_t offset, const void *data, uint64_t length,
	struct error *err);
int slice_zero(const struct slice *slice, uint64_t offset, uint64_t length, struct error *err);
/* Copies a host file to the slice's start, holes as holes; the file must fit. */
int slice_copy_file(const struct slice *slice, const char *path, struct error *err);
