/*
 * Archives as trees of files: tar, by whatever it is compressed. An archive is read once, from
 * start to end, and its contents put into a file without a name, so that they can be read in any
 * order.
 */
#pragma once

#include "image-tree.h"

/* A range of an open file. */
struct archive_source {
	int fd; /* borrowed */
	uint64_t offset, length;
};

/* Whether a file's first bytes, zero-padded, are those of an archive. */
bool archive_recognize(const uint8_t head[512]);
int archive_open(
	const struct archive_source *source, struct image_tree **ret_tree, struct error *err);
/* Where the contents of a regular file of an archive are; the descriptor is the tree's. */
struct archive_source archive_contents(
	const struct image_tree *tree, const struct image_file *file);

/* A file without a name, in $TMPDIR or else /var/tmp. */
int archive_scratch(int *ret_fd, struct error *err);

/* oci.c: the tree that the layers of an OCI image come to, one over the other. */

/* Where an image is: a directory, or an archive with what would be in it. */
struct oci_source {
	int directory; /* -1: it is an archive */
	const struct image_tree *archive;
};

int oci_open(const struct oci_source *source, struct image_tree **ret_tree, struct error *err);
