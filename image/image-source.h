/* What a file, or a directory, is: a disk, or an archive of files, each maybe inside of another
 * archive. */
#pragma once

#include "image-tree.h"

struct image_source {
	const char *format; /* "qcow2", "tar", "ova" */
	/* One of these is set; both owned. */
	struct disk *disk;
	struct image_tree *archive;
	int inner; /* the disk out of an archive, a file without a name; 0: none; owned */
	uint64_t file_size, stored; /* bytes of the file, and those that it takes on the host */
};

int image_source_open(const char *path, struct image_source *ret_source, struct error *err);
void image_source_release(struct image_source *source);
#define cleanup_image_source cleanup(image_source_release)
