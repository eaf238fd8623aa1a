/* Comparing two images that should be the same: what differs, in words. */
#pragma once

#include "base/text.h"
#include "slice.h"

enum { DIFFERENCES_SHOWN = 50 };

/* Zero-initialized is none. */
struct differences {
	struct buffer text; /* the first of them, each a line */
	size_t count;
};

void difference_add(struct differences *differences, const char *format, ...) printf_like(2, 3);
void differences_release(struct differences *differences);
#define cleanup_differences cleanup(differences_release)

/* Adds what differs between two image files: in the disk's structures, in its filesystems, or only
 * in how the format stores them. */
int image_compare(
	const char *first, const char *second, struct differences *differences, struct error *err);

/* ext4-compare.c: the same of two ext4 filesystems; files by path, then the structures. */
int ext4_compare(const struct slice *first, const struct slice *second,
	struct differences *differences, struct error *err);

/* Finds where two slices of one length first differ at or behind *offset, 4096 bytes at a time:
 * *offset becomes the start of that block, or the length. */
int slice_difference(
	const struct slice *first, const struct slice *second, uint64_t *offset, struct error *err);
