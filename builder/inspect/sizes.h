/* What files take. */
#pragma once

#include "image/hardlinks.h"
#include "image/image-tree.h"

/* Zero-initialized: nothing was counted yet. */
struct sizes {
	struct hardlinks seen; /* files with several names */
};

/* The bytes that a file takes; 0 when one of its other names was counted already. */
uint64_t sizes_count(struct sizes *sizes, const struct image_file *file);
void sizes_release(struct sizes *sizes);
#define cleanup_sizes cleanup(sizes_release)
