/*
 * Filesystems: write a tree into a slice of a disk, whole, in one pass, the same bytes each time.
 * A new one is one file fs-NAME.c with one `struct filesystem`, and one line in filesystem.c.
 */
#pragma once

#include <stdbool.h>

#include "slice.h"
#include "uuid.h"

struct filesystem_options {
	struct uuid uuid;
	const char *label; /* NULL: none */
	uint64_t epoch;    /* seconds; later times are clamped to it, and it is the creation time */
	const char *work;  /* a private directory for scratch files */
	/* What is at the slice's place in a base image: the more blocks are the same, the better.
	 * NULL: there is none. */
	const struct slice *base;
};

struct filesystem {
	const char *name;    /* "ext4" */
	const char *summary; /* for `jeos list filesystems` */
	bool root;           /* keeps owners, modes and links: an image's root can be one */
	bool read_only;      /* nothing can be changed in it */
	/* The slice reads as zeros. `tree` is a descriptor of the tree's root; -1: an empty
	 * filesystem. A tree that does not fit is an error that says how much is missing. */
	int (*write)(const struct slice *slice, int tree, const struct filesystem_options *options,
		struct error *err);
	/* Of roots of any size: the least for a tree. */
	int (*measure)(int tree, uint64_t *ret_bytes, struct error *err);
	/* Of filesystems whose size follows from what is in them: the new file `path`; NULL of
	 * others. */
	int (*make)(int tree, const char *path, const struct filesystem_options *options,
		struct error *err);
};

extern const struct filesystem filesystem_ext4, filesystem_squashfs, filesystem_vfat,
	filesystem_swap;
extern const struct filesystem *const filesystems[]; /* NULL-terminated */
const struct filesystem *filesystem_find(const char *name);
