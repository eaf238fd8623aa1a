/*
 * GRUB for BIOS: core image in the BIOS boot partition, boot code in the MBR, made by grub-mkimage.
 * It reads /boot/grub/grub.cfg on the root filesystem, which it finds by its UUID. No root, no
 * mounts.
 */
#pragma once

#include "image.h"

/* `work` is a directory for scratch files. */
int bootloader_write_bios(struct disk *disk, const struct image_layout *layout,
	const struct image_partition *boot, const struct image_partition *root, const char *work,
	struct error *err);
