/* Files of an image, copied onto the host. */
#pragma once

#include "image-tree.h"

/* What could not be kept, each with its number of files. */
struct extract_losses {
	uint64_t owners, devices, xattrs;
	uint64_t modes; /* set-user-ID and set-group-ID of files whose owner was not kept */
};

/*
 * Copies a file, or a directory with all below it, to `path`, which must not be there yet; an empty
 * directory may. Nothing is written anywhere else, whatever the image says, and after a failure or
 * an interrupt nothing is left. Owners, device nodes and some attributes need root; without, they
 * are counted as lost.
 */
int image_extract(struct image_tree *tree, const struct image_file *file, const char *path,
	struct extract_losses *ret_losses, struct error *err);
