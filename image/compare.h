/*
 * Comparing two images: partition tables, filesystems, files, whatever format each is in; or, to
 * the bit, two that should be the same.
 */
#pragma once

#include "image-view.h"

/* Something that is not the same. Texts are the arena's. */
struct difference {
	const char *where;          /* "image", "table", "filesystem", "file", "package" */
	const char *subject;        /* "/etc/passwd", "partition 2" */
	const char *what;           /* "mode"; NULL: that it is there at all */
	const char *first, *second; /* both NULL: they are too long to be shown */
};

/* Zero-initialized is none. */
struct differences {
	struct arena arena;
	struct difference *items;
	size_t count, capacity;
};

void differences_release(struct differences *differences);
#define cleanup_differences cleanup(differences_release)

void difference_add(struct differences *differences, const char *where, const char *subject,
	const char *what, const char *first, const char *second);
/* Adds it if the two are not the same. */
void difference_text(struct differences *differences, const struct difference *difference);
void difference_number(struct differences *differences, const struct difference *difference,
	uint64_t first, uint64_t second);
/* Something that only one of the two has. */
void difference_only(
	struct differences *differences, const char *where, const char *subject, bool in_first);
/* The first `limit` of them (0: all), one a line. */
void differences_print(const struct differences *differences, size_t limit, struct buffer *text);

/* What is not looked at. */
enum {
	COMPARE_NO_TIMES = 1,
	COMPARE_NO_OWNERS = 2,
	COMPARE_NO_MODES = 4,
	COMPARE_NO_XATTRS = 8,
	COMPARE_NO_CONTENTS = 16,
};

struct comparison {
	struct image_view *views[2];
	/* To the bit: also what of a filesystem no program sees. */
	bool exact;
	unsigned ignored;
	struct differences *differences;
};

int image_compare(const struct comparison *comparison, struct error *err);
/* compare-tree.c: the files. */
int tree_compare(const struct comparison *comparison, struct image_tree *first,
	struct image_tree *second, struct error *err);
/* compare-ext4.c: adds the structures that differ, block by block, of two of one size. */
int ext4_compare_blocks(const struct comparison *comparison, struct image_tree *first,
	struct image_tree *second, struct error *err);

/* Finds where two slices of one length first differ at or behind *offset, 4096 bytes at a time:
 * *offset becomes the start of that block, or the length. */
int slice_difference(
	const struct slice *first, const struct slice *second, uint64_t *offset, struct error *err);
