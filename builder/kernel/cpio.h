/*
 * A cpio archive of the newc kind in memory, as the kernel unpacks it into its first root
 * (Linux, Documentation/driver-api/early-userspace/buffer-format.rst). Everything belongs to root
 * and is dated 0; inodes count from 1, so the same calls give the same bytes.
 */
#pragma once

#include <sys/types.h>

#include "base/text.h"

/* Zero-initialized is empty; `archive` is owned. */
struct cpio {
	struct buffer archive;
	unsigned entries;
};

/* `path` has no leading '/', and its directory has been added before. `data` is a file's content
 * or a link's target. */
void cpio_add(struct cpio *cpio, const char *path, mode_t mode, const void *data, size_t length);
/* A device node. */
void cpio_add_device(struct cpio *cpio, const char *path, mode_t mode, dev_t device);
/* Ends the archive. */
void cpio_finish(struct cpio *cpio);
void cpio_release(struct cpio *cpio);
#define cleanup_cpio cleanup(cpio_release)
