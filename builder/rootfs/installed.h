/*
 * What a root's package database says is there already: the paths of configured packages, the
 * triggers that packages are interested in, and what was diverted (dpkg-divert(1)).
 */
#pragma once

#include "base/memory.h"

/* A path that an installed package owns, spelled as it lies in the tree: "usr/bin/sh". */
struct installed_path {
	const char *path, *package;
};

struct diversion {
	const char *from, *to, *package; /* paths without a leading '/' */
};

struct installed {
	struct arena arena;                  /* owns all texts */
	const char *status;                  /* dpkg's; NULL: nothing is installed */
	vector(struct installed_path) paths; /* files and links, sorted */
	vector(struct diversion) diversions;
};

/* A root without a database has nothing installed. */
int installed_read(int root, struct installed *ret_installed, struct error *err);
void installed_release(struct installed *installed);
#define cleanup_installed cleanup(installed_release)

/* The first of the path's entries, one for each of its owners; NULL: it has none. */
const struct installed_path *installed_find(const struct installed *installed, const char *path);
/* The package that owns the path, NULL when none does. */
const char *installed_owner(const struct installed *installed, const char *path);
/* The version of an installed package ("libc6:amd64"); owned by the caller, NULL: none. */
char *installed_version(const struct installed *installed, const char *package);
/* Where a path of the package belongs: elsewhere when another package diverted it. */
const char *installed_divert(
	const struct installed *installed, const char *path, const char *package);
/* The path is no longer the package's: takes it off its list. */
int installed_shed(int root, const char *package, const char *path, struct error *err);

/* "bin/sh" lies in "usr/bin/sh"; in the arena when it differs. */
const char *merged_usr_path(const char *path, struct arena *arena);
