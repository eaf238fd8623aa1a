/* Platforms: what an appliance can run on; each row decides drivers, disk format and how it is
 * tested. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "image/appliance.h"
#include "recipe/recipe.h"

/* How a guest is started: by firmware from the disk, or as a kernel given to the machine, loaded as
 * a PC loads it or as an ELF file by its PVH entry. */
enum boot_path { BOOT_BIOS, BOOT_UEFI, BOOT_DIRECT, BOOT_PVH };
enum { BOOT_PATHS = 4 };
enum {
	BY_BIOS = 1u << BOOT_BIOS,
	BY_UEFI = 1u << BOOT_UEFI,
	BY_DIRECT = 1u << BOOT_DIRECT,
	BY_PVH = 1u << BOOT_PVH,
};

/* A machine that tests emulate in a platform's place. Of devices called "virtio-..." the bus that
 * the machine has them on is left out. */
struct test_machine {
	const char *name;       /* for --machine; NULL: all of the architecture, by their names */
	const char *machine;    /* one of boot/qemu-command.c: "q35"; NULL: the usual one */
	unsigned paths;         /* of BY_*: those that it boots by; 0: all of the platform */
	const char *controller; /* "pvscsi"; NULL: the disk needs none */
	const char *disk;       /* "scsi-hd" */
	const char *network;    /* "vmxnet3" */
	const char *backend;    /* what runs it, see boot/machine.c; NULL: QEMU */
	/* The recipe of the appliance in which it runs: "xen-dom0"; NULL: this host will do. */
	const char *host;
};

struct platform {
	const char *name;           /* "kvm" */
	const char *summary;        /* for `jeos list platforms` */
	const char *kernel_arch;    /* of the processors that it has: "x86"; NULL: all */
	const char *const *formats; /* that a recipe gets without asking; NULL-terminated */
	unsigned paths;             /* of BY_*: how it starts guests */
	/* The machine that OVF and VMX files describe; NULL: none. */
	const struct appliance_hardware *hardware;
	/* What the guest's kernel speaks on, the last for programs too; NULL-terminated. NULL: the
	 * screen and the architecture's serial line. */
	const char *const *consoles;
	bool generic; /* the distribution's cloud kernel lacks its drivers: `generic` has them */
	/* Kernel modules its hardware needs; NULL-terminated. A distribution kernel keeps these and
	 * what they depend on; those in root_modules also go into the initramfs. */
	const char *const *modules;
	const char *const *root_modules;
	/* The kernel-configs/ of its drivers, and the symbols that no kernel can do without there,
	 * built in or as a module; NULL-terminated. */
	const char *const *fragments;
	const char *const *symbols;
	/* Where its kernel is no program of the bare machine: ARCH= of its build ("um"), and the
	 * file that comes out ("linux"). NULL: the architecture's. */
	const char *kernel_port, *kernel_image;
	/* What its tests emulate, the first that boots by the path unless told. The last has no
	 * disk. */
	const struct test_machine *machines;
	bool no_kernel; /* a root there needs none: `kernel: none` is the default */
};

extern const struct platform platforms[];
extern const size_t platform_count;

const struct platform *platform_find(const char *name); /* NULL: unknown */
/* Those of a recipe, NULL-terminated; the array is the arena's. */
const struct platform *const *platforms_of(const struct recipe *recipe, struct arena *arena);
