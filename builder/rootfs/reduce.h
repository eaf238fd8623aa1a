/*
 * Sealed images (`sealed: true`): the root loses its package management, and every package that
 * nothing in it needs. What stays: the packages that the recipe names and its kernel, the essential
 * packages, and what those depend on; but of none of them what only serves to manage packages.
 * dpkg's status file stays, with the packages that do: it is where scanners look for versions.
 *
 *     reduce-packages: dpkg's database -> which packages stay
 *     reduce-unasked: programs and libraries that nothing asks for, of those that do
 *     reduce: takes off the files of the others, and links to them
 */
#pragma once

#include "archive/control.h"
#include "installed.h"
#include "rootfs.h"

struct reduce_package {
	const char *name; /* in the arena */
	struct span stanza;
	bool wanted; /* the recipe names it */
	bool stays;
};

struct reduce_packages {
	struct arena arena;
	vector(struct reduce_package) list;
};

/* reduce-packages.c: `status` is the text of dpkg's status file, and must live as long. */
void reduce_packages_choose(
	const char *status, const struct word_list *wanted, struct reduce_packages *ret_packages);
void reduce_packages_release(struct reduce_packages *packages);
/* "libc6" or "libc6:amd64"; NULL: not known. */
const struct reduce_package *reduce_packages_find(
	const struct reduce_packages *packages, const char *name);

/* reduce-unasked.c: takes off programs and shared libraries that nothing asks for. */
int reduce_unasked(int root, const struct rootfs *rootfs, const struct reduce_packages *packages,
	const struct installed *installed, struct error *err);

/* Reduces rootfs->root, with which scripts and hooks are done. The strip rules with `sealed` take
 * the rest. */
int rootfs_reduce(const struct rootfs *rootfs, char **ret_result, struct error *err);
