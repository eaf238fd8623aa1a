/*
 * The seam between libext2fs and disks: an io_manager over a slice. Single blocks go through a
 * small write-back cache, since libext2fs changes inode tables one inode at a time; anything longer
 * goes straight to the slice.
 */
#pragma once

#include <ext2fs/ext2fs.h>

#include "slice.h"

/* What libext2fs reads and writes. Lives, at one address, as long as the filesystem is open. */
struct ext4_device {
	const struct slice *slice; /* borrowed */
	struct error error;        /* the slice's first failure: libext2fs passes on numbers only */
};

enum { EXT4_DEVICE_NAME = 32 };

/* The io_manager is `const` to all but libext2fs's types. */
io_manager ext4_io_manager(void);
/* Libext2fs opens devices by name: this is the name that the io_manager knows the device by. */
void ext4_device_name(struct ext4_device *device, char ret_name[EXT4_DEVICE_NAME]);

/* Makes the error of a failed call: "what: why", where why is the slice's own error if there is
 * one. Returns -1. */
int ext4_fail(struct ext4_device *device, errcode_t code, struct error *err, const char *format,
	...) printf_like(4, 5);
