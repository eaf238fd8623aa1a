/*
 * Unified kernel images: a program for UEFI with all that a kernel needs to start as sections of
 * it. The Unified Kernel Image specification (UAPI group) names the sections, the PE format is that
 * of Microsoft's "PE Format" document:
 *
 *     MS-DOS header | "PE\0\0" | COFF header | optional header | section table | sections...
 *
 * The program itself is systemd's, of the package systemd-boot-efi: it starts the kernel in .linux
 * with the initramfs in .initrd and the command line in .cmdline.
 */
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

/* What every section of an image begins at and is padded to: a sector, for boot loaders that read
 * an image by sectors. */
enum { UKI_ALIGN = 512 };

struct uki_section {
	const char *name; /* ".linux"; at most 8 characters */
	const void *data; /* borrowed */
	size_t length;
};

/* The program with the sections added, in their order, one close behind the other in the file and
 * in memory. STATUS_FAILED when the program is none, or has no room for them. */
int uki_make(const struct buffer *program, const struct uki_section *sections, size_t count,
	struct buffer *ret_image, struct error *err);

/* Gives a section of an image other contents; it moves to the end. */
int uki_replace(struct buffer *image, const struct uki_section *section, struct error *err);

/* Where a section of an image lies, which may be any bytes; false when there is no such section. */
bool uki_find(
	const struct buffer *image, const char *name, uint64_t *ret_offset, uint64_t *ret_length);
