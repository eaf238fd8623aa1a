/*
 * An existing ext4 in a slice, read and changed without mounting it: the harness puts its agent
 * into an overlay and takes the kernel out. Changes carry the time of the filesystem's last change.
 */
#pragma once

#include <sys/types.h>

#include "base/text.h"
#include "slice.h"

struct ext4; /* an open filesystem */

/* Whether the slice looks like an ext2, ext3 or ext4. */
bool ext4_probe(const struct slice *slice);
/* A filesystem whose journal holds changes is refused. */
int ext4_open(const struct slice *slice, bool writable, struct ext4 **ret_ext4, struct error *err);
/* Writes everything back; the filesystem is closed even on error. */
int ext4_close(struct ext4 *ext4, struct error *err);
void ext4_cleanup(struct ext4 **ext4); /* closes, ignoring errors */
#define cleanup_ext4 cleanup(ext4_cleanup)

/* Paths are absolute; links in directories on the way are followed inside the filesystem. */
bool ext4_exists(struct ext4 *ext4, const char *path);
int ext4_read_file(struct ext4 *ext4, const char *path, size_t limit, struct buffer *ret_content,
	struct error *err);
/* Makes or replaces a regular file owned by root; its directories are made, mode 0755. */
int ext4_write_file(struct ext4 *ext4, const char *path, const void *data, size_t length,
	mode_t mode, struct error *err);
/* Makes or replaces a link in the same way. */
int ext4_symlink(struct ext4 *ext4, const char *path, const char *target, struct error *err);
