/*
 * GRUB for BIOS: boot code in the MBR, and the core image, made by grub-mkimage, in the BIOS boot
 * partition of a GPT or before the first partition of an MBR. It reads /boot/grub/grub.cfg on the
 * root filesystem, which it finds by its UUID. No root, no mounts.
 */
#pragma once

#include "image.h"

/* `work` is a directory for scratch files. */
int bootloader_write_bios(
	struct disk *disk, const struct image_layout *layout, const char *work, struct error *err);
