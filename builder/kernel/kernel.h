/*
 * Kernels: which one, what of it goes into the guest, and the small initramfs that finds the root
 * where the kernel alone does not. A kernel of the distribution is unpacked, not installed: no
 * initramfs-tools, no hooks. One that depends on no other package is registered with dpkg too.
 */
#pragma once

#include "archive/archive.h"
#include "architecture.h"
#include "base/hash.h"
#include "kernel/build.h"
#include "platform.h"
#include "recipe/recipe.h"

/* The guest kernel of a plan. */
struct kernel_plan {
	const struct recipe *recipe;             /* borrowed */
	const struct architecture *architecture; /* the guest's */
	const struct platform *const *platforms; /* NULL-terminated; whose modules are kept */
	/* The package that it comes in: linux-image or the given file; or that it is built from:
	 * linux-source. Name NULL: no kernel. */
	struct package image;
	struct package_list parts; /* the rest of it, where it comes in several; owned */
	struct package busybox;    /* of the guest's architecture, for the initramfs */
	struct package uefi; /* what starts it by UEFI, see boot-files.h; name NULL: nothing */
	struct package_list tools; /* what builds it, if it is built; owned */
	struct kernel_build build; /* the same, and all else that decides what comes out */
	/* Keeps all modules that no image is forbidden, needed or not: for recipes without the
	 * strip rule STRIP_KERNEL_MODULES. */
	bool all_modules;
};
void kernel_plan_release(struct kernel_plan *plan);
/* Whether it is built here. */
bool kernel_is_built(const struct kernel_plan *plan);
/* The same; STATUS_RECIPE when it is not. */
int kernel_require_built(const struct kernel_plan *plan, struct error *err);

/* Finds packages for the recipe's kernel; `tools` is the index of the machine that builds, if that
 * is another. */
int kernel_choose(struct package_index *index, struct package_index *tools, struct arena *arena,
	struct kernel_plan *plan, struct error *err);
/* The rest, once packages and platforms are known: the configuration of a kernel that is built, the
 * package file of one that is given. */
int kernel_complete(struct kernel_plan *plan, struct arena *arena, struct error *err);

/* Its packages: what is unpacked into the guest, and with `build` what builds it; the list
 * (vector_release) is the caller's. */
struct package_list kernel_packages(const struct kernel_plan *plan, bool build);

/* Where the packages of the plan's kernel are, the image's first: in the store, or where the recipe
 * says. */
struct kernel_debs {
	struct kernel_deb {
		const struct package *package; /* borrowed */
		char *path;                    /* owned */
	} * items;
	size_t count, capacity;
};
void kernel_debs_find(
	const struct kernel_plan *plan, const struct store *store, struct kernel_debs *ret_debs);
void kernel_debs_release(struct kernel_debs *debs);
#define cleanup_kernel_debs cleanup(kernel_debs_release)

/*
 * Whether the plan's kernel has what its platforms cannot do without, by the configuration in its
 * packages. STATUS_RECIPE at the recipe's `kernel` says what it lacks and what to use instead. A
 * kernel without one is taken as it is, and ret_config then empty.
 */
int kernel_check_package(const struct kernel_plan *plan, const struct kernel_debs *debs,
	struct kernel_config *ret_config, struct error *err);

/* A hash of what kernel_install() makes of a plan's packages: it changes when the same packages
 * could give another result. */
void kernel_version(const struct kernel_plan *plan, char ret_version[HASH_TEXT]);

/*
 * Puts the kernel into an empty tree (an absolute path): /boot/vmlinuz, /boot/config-RELEASE, and
 * of /usr/lib/modules those that the platforms need, with their dependencies and the module
 * indices; /boot/initrd.img, unless all that it takes to mount the root is built in; and what dpkg
 * is told of it (kernel/register.h). A kernel that is built must be in the store. `work` is a
 * directory for scratch files, on the tree's file system.
 */
int kernel_install(const struct kernel_plan *plan, const struct store *store, const char *work,
	const char *tree, struct error *err);
