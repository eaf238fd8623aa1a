/*
 * Unpacking: the data of many packages into one tree, at once, as dpkg would leave it before it
 * configures them. Packages are untrusted: nothing outside the tree is touched, whatever they hold.
 */
#pragma once

#include "archive/archive.h"
#include "base/text.h"
#include "installed.h"
#include "recipe/recipe.h"

/* A control member other than `control`: what dpkg keeps in its info directory. */
struct unpacked_member {
	const char *name, *data;
	size_t length;
	mode_t mode;
};

/* A path of a package, as its tar names it: "usr/bin/apt"; "" is the root. */
struct unpacked_path {
	const char *path;
	mode_t mode; /* type and permissions */
	uid_t uid;
	gid_t gid;
	bool shed; /* another package took it over: it is no longer this one's */
};

/* One package and what became of it. */
struct unpacked {
	const struct package *package;
	char *file;         /* its .deb; owned */
	struct arena arena; /* owns the texts below */
	const char *control;
	bool multi_arch_same;
	bool left_to_dpkg; /* its preinst diverts files of others: only dpkg's own order will do */
	struct words replaces, conffiles; /* conffiles without the leading '/' */
	vector(struct unpacked_path) paths;
	vector(struct unpacked_member) members;
	struct error error;
};

/* Packages on their way into a root. */
struct unpack {
	struct unpacked *packages; /* in the list's order; owned */
	size_t count;
	const struct recipe *recipe; /* borrowed */
	int root;                    /* borrowed */
	struct installed installed;  /* what the root held before */
};

/*
 * Unpacks all packages of the list, from the store, into a root: an empty one, or one whose
 * packages are all configured. Paths that the recipe strips never reach the disk; conffiles are
 * left as NAME.dpkg-new. An error is STATUS_ARCHIVE and names the package.
 */
int unpack_packages(const struct package_list *packages, const struct store *store,
	const struct recipe *recipe, int root, struct unpack *ret_unpack, struct error *err);
void unpack_release(struct unpack *unpack);
#define cleanup_unpack cleanup(unpack_release)

/* A control member by name, NULL when the package has none. */
const struct unpacked_member *unpacked_member(const struct unpacked *package, const char *name);

/* Steps of it, in files of their own: extracts one path once more; settles the paths that several
 * packages hold; says where a path belongs when another package diverted it. */
int unpack_again(
	const struct unpack *unpack, struct unpacked *package, const char *path, struct error *err);
int unpack_settle(struct unpack *unpack, struct error *err);
const char *unpack_destination(
	const struct unpack *unpack, const struct unpacked *package, const char *path);
