/*
 * What of a root boots it: GRUB's configuration for a BIOS, and for UEFI one program, a unified
 * kernel image (image/uki.h).
 *
 * With UEFI kernel and initramfs are in that program only, lest they fill the disk twice: GRUB, on
 * the same disk, reads them out of it. Without, they stay files of /boot.
 */
#pragma once

#include "architecture.h"
#include "archive/archive.h"
#include "store/store.h"

struct boot_files {
	const struct architecture *architecture;
	const struct store *store;
	const char *command_line;
	const struct package
		*uefi;   /* the package with the program; name NULL: none boots by UEFI */
	const char *esp; /* serial number of its filesystem: "1A2B-3C4D" */
};

/* Finds the package with the program for UEFI. */
int boot_files_choose(struct package_index *index, struct arena *arena, struct package *ret_package,
	struct error *err);

/*
 * Writes /boot/grub/grub.cfg into the root, which has /boot/vmlinuz and maybe /boot/initrd.img.
 * With UEFI these two leave the root, and ret_program is the program; else it is left alone.
 */
int boot_files_make(const struct boot_files *files, const char *root_path,
	struct buffer *ret_program, struct error *err);

/* Reads the kernel and its initramfs, empty if there is none, of such a root before that. */
int boot_files_read(const char *root_path, struct buffer *ret_kernel, struct buffer *ret_initramfs,
	struct error *err);
