/*
 * Kernels: which package, what of it goes into the guest, and the small initramfs that finds the
 * root. A distribution kernel is unpacked, not installed: no initramfs-tools, no hooks.
 */
#pragma once

#include "archive/archive.h"
#include "architecture.h"
#include "base/hash.h"
#include "platform.h"
#include "recipe/recipe.h"

/* The guest kernel of a plan. */
struct kernel_plan {
	struct package image;   /* the linux-image package; name NULL: no kernel */
	struct package busybox; /* busybox-static of the guest's architecture, for the initramfs */
	struct package uefi; /* what starts it by UEFI, see boot-files.h; name NULL: nothing does */
	const struct platform *const *platforms; /* NULL-terminated; whose modules are kept */
	/* Keeps all modules that no image is forbidden, needed or not: for recipes without the
	 * strip rule STRIP_KERNEL_MODULES. */
	bool all_modules;
};

/* Resolves what the recipe asks for to packages. */
int kernel_choose(struct package_index *index, const struct recipe_kernel *kernel,
	const struct architecture *architecture, struct arena *arena, struct kernel_plan *ret_plan,
	struct error *err);

/* A hash of what kernel_install() makes of a plan's packages: it changes when the same packages
 * could give another result. */
void kernel_version(const struct kernel_plan *plan, char ret_version[HASH_TEXT]);

/*
 * Puts the kernel into an empty tree (an absolute path): /boot/vmlinuz, /boot/initrd.img,
 * /boot/config-RELEASE, and of /usr/lib/modules those that the platforms need, with their
 * dependencies and the module indices. All that it holds lies below these two directories. `work`
 * is a directory for scratch files, on the tree's file system.
 */
int kernel_install(const struct kernel_plan *plan, const struct store *store, const char *work,
	const char *tree, struct error *err);
