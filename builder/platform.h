/* Platforms: what an appliance can run on; each row decides drivers, disk format and how it is
 * tested. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "recipe/recipe.h"

struct platform {
	const char *name;    /* "kvm" */
	const char *summary; /* for `jeos list platforms` */
	const char *format;  /* its disk format: "qcow2" */
	/* Kernel modules its hardware needs; NULL-terminated. A distribution kernel keeps these and
	 * what they depend on; those in root_modules also go into the initramfs. */
	const char *const *modules;
	const char *const *root_modules;
	/* The kernel-configs/ of its drivers, and the symbols that no kernel can do without there,
	 * built in or as a module; NULL-terminated. */
	const char *const *fragments;
	const char *const *symbols;
	bool kernel_only; /* it has no firmware that boots a disk: it is given a kernel */
	/* The machines that tests emulate, the first unless told; NULL: the architecture's. */
	const char *const *machines;
	const char *disk_device;    /* the emulated disk in tests: "virtio-blk-pci" */
	const char *network_device; /* the emulated network card in tests: "virtio-net-pci" */
};

extern const struct platform platforms[];
extern const size_t platform_count;

const struct platform *platform_find(const char *name); /* NULL: unknown */
/* Those of a recipe, NULL-terminated; the array is the arena's. */
const struct platform *const *platforms_of(const struct recipe *recipe, struct arena *arena);
