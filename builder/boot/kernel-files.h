/* The kernel inside an image, for booting it directly: what GRUB's configuration would load. */
#pragma once

#include "base/text.h"

/* Where an image says what it boots. */
#define KERNEL_FILES_CONFIG "/boot/grub/grub.cfg"

/* What one entry of grub.cfg says; all owned. */
struct grub_entry {
	char *kernel, *initrd; /* paths; initrd NULL: none */
	char *command_line;
};

struct kernel_files {
	struct buffer kernel, initrd; /* contents; initrd empty: none */
	char *command_line;           /* owned */
};

/* A kernel for an emulator to load. */
struct boot_kernel {
	const char *image, *initrd; /* paths; initrd may be NULL */
	const char *command_line;
};

/* The first `linux` line of a grub.cfg and the `initrd` line below it; false when there is none. */
bool grub_entry_parse(const char *config, struct grub_entry *ret_entry);
void grub_entry_release(struct grub_entry *entry);

int kernel_files_read(const char *image, struct kernel_files *ret_files, struct error *err);
void kernel_files_release(struct kernel_files *files);
#define cleanup_kernel_files cleanup(kernel_files_release)
