/*
 * image_write(): a tree becomes a bootable disk image, straight to its final place.
 *
 *     tree -> filesystem -> slice -> disk -> file (written beside its name, then renamed)
 */
#pragma once

#include "appliance.h"
#include "base/text.h"
#include "filesystem.h"
#include "layout.h"

/* A file of the ESP. */
struct boot_file {
	const char *path; /* "grub/grub.cfg" */
	const struct buffer *content;
};

/* What goes into an image. */
struct image_contents {
	int tree;                          /* the root; -1: empty */
	const struct buffer *uefi_program; /* what UEFI starts; NULL or empty: nothing */
	/* For bundles: */
	const struct appliance *appliance;
	const struct buffer *kernel, *initrd; /* empty: none */
	/* More that lies on the ESP, of a read-only root. */
	const struct boot_file *boot_files;
	size_t boot_file_count;
	/* Files with what the partitions `root` and `verity` hold; NULL: the root is written from
	 * the tree, and there is no verity. */
	const char *root, *verity;
	/* An opened image that those of formats with backing files record the differences to; NULL:
	 * none. Files that are in both lie at the same place. */
	struct disk *base;
};

/* All that an image is made from. */
struct image_order {
	const struct image_layout *layout;
	const struct image_contents *contents;
	const char *work; /* a private directory for scratch files */
};

/*
 * Writes the contents as an image of that layout in a format (format.h) to `path`. `work` is a
 * private directory for scratch files. On failure or interrupt nothing is left under `path` or
 * beside it.
 */
int image_write(const struct image_layout *layout, const struct image_contents *contents,
	const char *format, const char *path, const char *work, struct error *err);
/* For bundles with a disk in them: writes it to `path`, which does not exist yet, from the byte
 * `base` of the file on. A failure leaves nothing there. */
int image_write_disk(const struct image_order *order, const struct disk_driver *driver,
	uint64_t base, const char *path, struct error *err);

/* The EFI system partition's slice of an opened image. */
int image_find_esp(struct disk *disk, struct slice *ret_slice, struct error *err);
/* Whether the root of an opened image is a squashfs, and its slice. */
bool image_find_squashfs(struct disk *disk, struct slice *ret_slice);
/* The root filesystem's slice of an opened image: the whole disk if it is an ext4, else the first
 * partition that is. */
int image_find_root(struct disk *disk, struct slice *ret_slice, struct error *err);
