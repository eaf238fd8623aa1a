/* A tree: a directory on the host, walked in one fixed order: the input of every filesystem writer.
 */
#pragma once

#include <stdint.h>
#include <sys/stat.h>

#include "base/memory.h"

/* One inode under one name. Strings and descriptors are valid during the visit only. */
struct tree_entry {
	const char *path;   /* from the root, without a leading '/': "etc/fstab"; "" is the root */
	const char *name;   /* its last part; "." for the root */
	int directory;      /* descriptor of the directory that `name` is in */
	struct stat status; /* with device numbers and ids as this process sees them */
	unsigned depth;     /* 0: the root */
};

struct tree_visitor {
	/* Called for the root, then for each entry before its children, siblings sorted bytewise.
	 */
	int (*enter)(void *context, const struct tree_entry *entry, struct error *err);
	/* Called after a directory's children; may be NULL. */
	int (*leave)(void *context, const struct tree_entry *entry, struct error *err);
	void *context;
};

/* Never follows links; no depth and no length of paths is too much for it. Stops at the first
 * error, or on an interrupt. */
int tree_walk(int root, const struct tree_visitor *visitor, struct error *err);

/* What a tree needs, for sizing filesystems. A file with several names counts once. */
struct tree_measure {
	uint64_t inodes;
	uint64_t bytes;     /* in regular files */
	uint64_t blocks_4k; /* of files without their holes, and of directories and long links */
};
int tree_measure(int root, struct tree_measure *ret_measure, struct error *err);
