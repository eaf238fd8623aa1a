/* The root filesystem: made by debootstrap, then configured, overlaid, hooked, stripped, cleaned.
 */
#pragma once

#include "archive/archive.h"
#include "image/layout.h"
#include "recipe/recipe.h"
#include "sandbox/sandbox.h"

/* What every step on the root is given. */
struct rootfs {
	const struct recipe *recipe;
	const struct package_list *packages;
	const struct store *store;
	enum sandbox_mode mode;
	const char *root;         /* the tree's path */
	const char *work;         /* a private directory for scratch files */
	uint64_t epoch;           /* seconds; the newest time any file may carry */
	const char *sources_list; /* for the guest's /etc/apt/sources.list */
};

/* A way to make a root from packages; a new one is a function and a row in bootstrap.c. */
struct bootstrap {
	const char *name, *summary;
	const char *version; /* changes whenever the same packages could give another tree */
	bool adds_packages;  /* whether it can add packages to a root that has been bootstrapped */
	/* Unpacks and configures rootfs->packages. */
	int (*run)(const struct rootfs *rootfs, struct error *err);
};
extern const struct bootstrap bootstraps[]; /* ends with a NULL name */
const struct bootstrap *bootstrap_find(const char *name);

/* /etc/hosts while packages are configured. */
#define ROOTFS_FIRST_HOSTS "127.0.0.1 localhost\n"

/*
 * A real debootstrap run (variant minbase, first and second stage), fed from the store with exactly
 * the packages of the plan, second stage in the sandbox. Dpkg is told what to leave out
 * (strip_dpkg_rules) before the first package is unpacked.
 */
int bootstrap_debootstrap(const struct rootfs *rootfs, struct error *err);

/* The same tree several times faster: own unpacking, then the maintainer scripts. */
int bootstrap_fast(const struct rootfs *rootfs, struct error *err);

/* Host name, hosts, fstab, sources.list, accounts and console login as the recipe says. fstab
 * follows from the disk's layout. */
int rootfs_configure(
	const struct rootfs *rootfs, const struct image_layout *layout, struct error *err);

/* Copies overlays/<name>/ over the root, in the recipe's order. Directories merge, other files are
 * replaced; no link of the root leads a file out of it. Owner root and the modes as they are, less
 * write permission for others; owners.h says how an overlay says otherwise. */
int rootfs_overlay(const struct rootfs *rootfs, struct error *err);

/* Runs the recipe's hooks in the guest root, in order. */
int rootfs_hooks(const struct rootfs *rootfs, struct error *err);

/* Removes what the strip rules name, and what would give away when it was built. */
int rootfs_clean(const struct rootfs *rootfs, struct error *err);

/* What `without` names must not be in the tree's package database; STATUS_RECIPE if it is. */
int rootfs_check_without(const struct rootfs *rootfs, struct error *err);
