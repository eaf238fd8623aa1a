/* An image looked into, whatever it is: its disk, its partition table, what each partition holds.
 */
#pragma once

#include "image-source.h"
#include "partition.h"

/* A partition, or the whole of a disk without a table, or of an archive. */
struct image_part {
	const struct partition *partition; /* of the view's table; NULL: the whole */
	struct slice slice;                /* of an archive its disk is NULL */
	struct image_tree *tree;           /* NULL: nothing in it that jeos reads */
};

struct image_view {
	char *path; /* owned */
	struct image_source source;
	struct partition_table table; /* SCHEME_NONE: it has none */
	struct image_part *parts;     /* owned, with their trees, but for an archive's */
	size_t part_count;
	struct image_part *root; /* the one that the system is in; NULL: none */
};

/* Damage that keeps anything from being read is an error that says where. */
int image_view_open(const char *path, struct image_view *ret_view, struct error *err);
void image_view_release(struct image_view *view);
#define cleanup_image_view cleanup(image_view_release)

/* The tree of a part by its number, from 1 on, or its label; NULL: the root's. */
int image_view_tree(const struct image_view *view, const char *part, struct image_tree **ret_tree,
	struct error *err);
