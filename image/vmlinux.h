/*
 * The kernel as an ELF file, which is inside every bzImage: for emulators that start it by its PVH
 * entry and not as a PC would. Sources: Documentation/x86/boot.rst of Linux for the bzImage, the
 * ELF specification, Xen's public/elfnote.h for the note.
 */
#pragma once

#include "base/text.h"

/* Takes it out, whatever it is compressed by. STATUS_FAILED when these bytes are no kernel. */
int vmlinux_extract(const struct buffer *kernel, struct buffer *ret_elf, struct error *err);
/* Whether it can be entered by PVH: CONFIG_PVH. */
bool vmlinux_has_pvh(const struct buffer *elf);
