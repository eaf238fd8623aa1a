/* The kernel inside an image, for booting it directly: what GRUB's configuration would load. */
#pragma once

#include "base/text.h"

/* Where an image says what it boots. */
#define KERNEL_FILES_CONFIG "/boot/grub/grub.cfg"
/* ... on the ESP, if its root is read-only. */
#define KERNEL_FILES_ESP_CONFIG "/grub/grub.cfg"

/* What a grub.cfg boots; all owned. */
struct grub_entry {
	char *program;         /* the file on the ESP that the others are parts of; NULL: none */
	char *kernel, *initrd; /* paths, or "(uki)SECTOR+SECTORS" of that file; initrd NULL: none */
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

/* The first `linux` line of a grub.cfg, the `initrd` line below it and the `loopback` line above;
 * false when there is none. */
bool grub_entry_parse(const char *config, struct grub_entry *ret_entry);
void grub_entry_release(struct grub_entry *entry);

/* Whether the image has a kernel to be given to a machine. */
int kernel_files_exist(const char *image, bool *ret_exist, struct error *err);
/* With `elf` the kernel is given as an ELF file that has a PVH entry. */
int kernel_files_read(
	const char *image, bool elf, struct kernel_files *ret_files, struct error *err);
void kernel_files_release(struct kernel_files *files);
#define cleanup_kernel_files cleanup(kernel_files_release)
