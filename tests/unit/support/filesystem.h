/* Writing trees into filesystems on raw images, for tests. */
#pragma once

#include "image/filesystem.h"

extern const uint64_t test_epoch;
struct filesystem_options test_options(const char *work);

/* Writes the tree at `tree` (NULL: none) as a filesystem that fills a new raw image at `image`. */
int write_image(const struct filesystem *filesystem, const char *tree, const char *image,
	uint64_t size, struct error *err);
/* Fails the test unless e2fsck finds nothing to complain of. */
void assert_e2fsck_clean(const char *image);
/* What debugfs says to a request; owned by the caller. */
char *debugfs(const char *image, const char *request);
