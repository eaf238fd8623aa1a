/*
 * image_write(): a tree becomes a bootable disk image, straight to its final place.
 *
 *     tree -> filesystem -> slice -> disk -> file (written beside its name, then renamed)
 */
#pragma once

#include "appliance.h"
#include "filesystem.h"
#include "base/text.h"
#include "partition.h"

/* One partition and what is in it. */
struct image_partition {
	const char *label;
	struct uuid type, id;
	uint64_t start, length;      /* bytes, aligned to PARTITION_ALIGN */
	const char *filesystem;      /* "ext4", "vfat"; NULL: no filesystem */
	struct uuid filesystem_uuid; /* for vfat its first four bytes are the serial number */
	bool holds_root;             /* the tree goes here */
};

/* What an image will be, byte range by byte range: a part of the plan. */
struct image_layout {
	uint64_t size; /* bytes of the disk */
	struct uuid id;
	struct image_partition *partitions;
	size_t partition_count;
	unsigned boot_bios : 1, boot_uefi : 1;
	const char *grub_bios; /* GRUB's platform: "i386-pc" */
	const char *uefi_file; /* "BOOTX64.EFI" */
	uint64_t epoch;
	/* Of formats that have the choice; 0: their own. */
	enum compression compression;
	uint32_t cluster_size;
};

/* What goes into an image. */
struct image_contents {
	int tree;                          /* the root; -1: empty */
	const struct buffer *uefi_program; /* what UEFI starts; NULL or empty: nothing */
	const struct appliance *appliance; /* for bundles; NULL: there is none to be made */
};

/* All that an image is made from. */
struct image_order {
	const struct image_layout *layout;
	const struct image_contents *contents;
	const char *work; /* a private directory for scratch files */
};

/* Who can boot it; the masks of recipes are the same. */
enum { IMAGE_BIOS = 1, IMAGE_UEFI = 2 };

/*
 * Lays out BIOS boot partition, ESP and root on a disk of `size` bytes; partitions that the
 * firmware does not ask for are left out. UUIDs derive from `seed`. The array is in the arena. What
 * depends on the architecture is left to the caller: the root's type and the names for GRUB.
 */
int image_layout_make(uint64_t size, unsigned firmware, const char *seed, struct arena *arena,
	struct image_layout *ret_layout, struct error *err);

/*
 * Writes the contents as an image of that layout in a format (format.h) to `path`. `work` is a
 * private directory for scratch files. On failure or interrupt nothing is left under `path` or
 * beside it.
 */
int image_write(const struct image_layout *layout, const struct image_contents *contents,
	const char *format, const char *path, const char *work, struct error *err);
/* For bundles with a disk in them: writes it to `path`, which does not exist yet. A failure leaves
 * nothing there. */
int image_write_disk(const struct image_order *order, const struct disk_driver *driver,
	const char *path, struct error *err);

/* The EFI system partition's slice of an opened image. */
int image_find_esp(struct disk *disk, struct slice *ret_slice, struct error *err);
/* The root filesystem's slice of an opened image: the whole disk if it is an ext4, else the first
 * partition that is. */
int image_find_root(struct disk *disk, struct slice *ret_slice, struct error *err);
