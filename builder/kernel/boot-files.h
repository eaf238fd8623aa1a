/*
 * What of a root boots it: GRUB's configuration for a BIOS, and for UEFI one program, a unified
 * kernel image (image/uki.h).
 *
 * With UEFI kernel and initramfs are in that program only, lest they fill the disk twice: GRUB, on
 * the same disk, reads them out of it. Without, they stay files of /boot. Of a root that is
 * read-only all of it lies on the ESP: the command line has the root's hash, and GRUB reads no
 * squashfs of today.
 */
#pragma once

#include "architecture.h"
#include "archive/archive.h"
#include "image/image.h"
#include "store/store.h"

struct boot_files {
	const struct architecture *architecture;
	const struct store *store;
	const struct package
		*uefi;   /* the package with the program; name NULL: none boots by UEFI */
	const char *esp; /* serial number of its filesystem: "1A2B-3C4D"; "": there is none */
	bool read_only;  /* the root */
	bool alone;      /* there are images of the root alone: they have the kernel, too */
};

/* What a kernel is started with; contents of files. */
struct boot_parts {
	struct buffer release, kernel, initramfs;
};
void boot_parts_release(struct boot_parts *parts);

/* What came of it: the program for UEFI, and the files of the ESP beside it. */
struct boot_made {
	struct buffer program; /* empty: none */
	struct buffer grub;
	struct boot_file files[3];
	size_t file_count;
};
void boot_made_release(struct boot_made *made);

/* Finds the package with the program for UEFI. */
int boot_files_choose(struct package_index *index, struct arena *arena, struct package *ret_package,
	struct error *err);

/* Reads them of the root, which has /boot/vmlinuz and maybe /boot/initrd.img. Those that nothing
 * reads there leave it. */
int boot_files_take(const struct boot_files *files, const char *root_path,
	struct boot_parts *ret_parts, struct error *err);
/* Writes /boot/grub/grub.cfg into a root that can be written to, and makes what lies on the ESP.
 * `made` is zeroed; its files point into it and into the parts: all must stay where they are. */
int boot_files_make(const struct boot_files *files, const char *root_path, const char *command_line,
	const struct boot_parts *parts, struct boot_made *made, struct error *err);
