/* Architectures: everything that differs from one to the next, one row each. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What marks its programs: the fields of their ELF header (elf.h). */
struct elf_kind {
	uint8_t class, data;
	uint16_t machine;
	uint32_t flags;
};

struct architecture {
	const char *name;         /* Debian's: "amd64" */
	const char *machine;      /* uname -m: "x86_64" */
	const char *kernel_arch;  /* ARCH= of the kernel: "x86" */
	const char *kernel_image; /* what its build makes to boot: "arch/x86/boot/bzImage" */
	const char *cross_prefix; /* "x86_64-linux-gnu-" */
	struct elf_kind elf;
	const char *user_emulator;    /* runs its programs on another: "qemu-x86_64-static" */
	const char *emulator;         /* "qemu-system-x86_64" */
	const char *emulator_package; /* Debian package that has it */
	const char *const *emulator_machines; /* "q35", ...; the first is the usual one */
	const char *emulator_cpu;             /* under TCG: "max" */
	const char *serial_console;           /* "ttyS0" */
	const char *cloud_kernel,
		*generic_kernel; /* Debian's kernel packages; NULL: there is none */
	const char *grub_bios;   /* GRUB's platform: "i386-pc" */
	/* The file of the package systemd-boot-efi that starts a kernel; NULL: no UEFI. */
	const char *uefi_program;
	const char *uefi_file;         /* the removable-media path's file: "BOOTX64.EFI" */
	const char *const *merged_usr; /* directories of the root that are links into /usr */
	const char *root_type;         /* GPT type of its root partition, as a UUID text */
	const char *verity_type;       /* ... and of the root's hashes; NULL: any data */
	bool ports;  /* Debian has it among its ports only, which are an archive of their own */
	bool no_pci; /* its machines have no PCI: virtio devices are mapped into memory */
};

extern const struct architecture architectures[];
extern const size_t architecture_count;

const struct architecture *architecture_find(const char *name); /* NULL: unknown */
/* Whose a program is, by its first bytes; NULL: none that jeos knows, or no program. */
const struct architecture *architecture_of_program(const void *program, size_t length);
/* That of this host; NULL: jeos does not know it. */
const struct architecture *architecture_native(void);
