/*
 * The initramfs: busybox, a few modules and a short script (init.sh), as a newc cpio archive
 * (Linux, Documentation/driver-api/early-userspace/buffer-format.rst) compressed with zstd.
 */
#pragma once

#include "base/error.h"
#include "base/text.h"
#include "modules.h"

extern const char embedded_init_sh[];

struct initramfs {
	int modules_directory;            /* an open lib/modules/RELEASE */
	const struct module_order *order; /* of the modules to load */
	const char *busybox;              /* path of a static busybox for the guest */
};

/* The same content each time. */
int initramfs_make(const struct initramfs *initramfs, struct buffer *ret_image, struct error *err);
