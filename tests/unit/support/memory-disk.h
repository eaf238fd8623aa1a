/* Disks for tests: one in memory, and one that fails. */
#pragma once

#include "image/disk.h"

/* A writable disk of zeros; frees itself by disk_free(). */
struct disk *memory_disk_new(uint64_t size);
/* Its bytes, to look at and to damage. */
uint8_t *memory_disk_bytes(struct disk *disk);

/* Passes everything on to the disk below, which it borrows, until `operations` reads, writes and
 * zeros have been done; then they all fail. */
struct disk *failing_disk_new(struct disk *below, unsigned operations);
