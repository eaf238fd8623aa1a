/*
 * Bundles: files that are made of an appliance and are not simply its disk: archives of its root,
 * archives with a disk in them, descriptions of its machine for a hypervisor.
 *
 * A new one is one file bundle-NAME.c with one `struct bundle`, and one line in bundle.c.
 */
#pragma once

#include "appliance.h"
#include "image.h"
#include "tar.h"

struct bundle {
	const char *name;    /* "tar-zst" */
	const char *suffix;  /* of file names: "tar.zst" */
	const char *summary; /* for `jeos list formats` */
	/* Writes the file, which does not exist yet. What a failure leaves is removed by others. */
	int (*write)(const struct bundle *bundle, const struct image_order *order, const char *path,
		struct error *err);
	/* Of archives of the root: */
	enum compression compression;
	const struct tar_change *changes; /* NULL: none */
	/* Of descriptions of a machine: their text, and the formats of the files beside them that
	 * they name: one of `disks` (NULL-terminated), and `kernel`, with which goes an initrd. */
	void (*describe)(const struct appliance *appliance, struct buffer *ret_text);
	const char *const *disks;
	const char *kernel;
	bool holds_disk; /* an archive around the disk */
	bool needs_kernel;
	bool needs_hardware;    /* of the platform: controller, network card */
	uint64_t disk_multiple; /* what the disk's size must be a multiple of; 0: anything */
};

/* Writes the root, with the bundle's changes, as a tar archive in the bundle's compression. */
int bundle_write_root(const struct bundle *bundle, const struct image_order *order,
	const char *path, struct error *err);
/* Writes what the bundle describes the appliance as. */
int bundle_write_description(const struct bundle *bundle, const struct image_order *order,
	const char *path, struct error *err);
/* Makes the file, to be written and read. */
int bundle_create(const char *path, int *ret_fd, struct error *err);

/* What a container does without: all that is a kernel's, and mounts of its own. */
#define BUNDLE_NO_KERNEL                                                             \
	{.path = "boot/*"}, {.path = "lib/modules"}, {.path = "usr/lib/modules"},    \
		{.path = "vmlinuz*"}, {.path = "initrd.img*"},                       \
	{                                                                            \
		.path = "etc/fstab", .mode = S_IFREG | 0644, .when = TAR_IF_PRESENT, \
		.text = "# What is mounted is the host's choice.\n"                  \
	}

/* In the order of `jeos list formats`; NULL behind the last. */
const struct bundle *bundle_at(size_t index);
