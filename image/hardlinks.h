/* Files with several names: one number for each, whichever name comes first. */
#pragma once

#include <stdint.h>
#include <sys/stat.h>

/* Zero-initialized is empty. */
struct hardlinks {
	void *root; /* of a tsearch(3) tree; owned */
};

/* The number of the file with this device and inode number, for the caller to set: 0 at first.
 * Valid until the release. */
uint32_t *hardlinks_number(struct hardlinks *hardlinks, const struct stat *status);
void hardlinks_release(struct hardlinks *hardlinks);
