/*
 * Boot loaders: GRUB for BIOS (core image in the BIOS boot partition, boot code in the MBR) and for
 * UEFI (one program on the ESP), both made by grub-mkimage, both reading /boot/grub/grub.cfg on the
 * root filesystem, which they find by its UUID. No root, no mounts.
 */
#pragma once

#include "image.h"

/* `work` is a directory for scratch files. */
int bootloader_write_bios(struct disk *disk, const struct image_layout *layout,
	const struct image_partition *boot, const struct image_partition *root, const char *work,
	struct error *err);

/* Builds the tree of the ESP (EFI/BOOT/<uefi_file>) below `directory`. */
int bootloader_make_esp(const char *directory, const struct image_layout *layout,
	const struct image_partition *root, const char *work, struct error *err);
