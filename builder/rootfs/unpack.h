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
	const char *link; /* of a symbolic link its target; of a hard link the path, of the same
			     package, that it is another name of; NULL for others */
	bool hard;
	mode_t mode; /* type and permissions */
	uid_t uid;
	gid_t gid;
	bool found;    /* something lay there before */
	bool left_out; /* nothing is made of it: stripped, or a directory is there instead */
	bool shed;     /* another package took it over: it is no longer this one's */
};

/* One package and what became of it. */
struct unpacked {
	const struct package *package;
	char *file;         /* its .deb; owned */
	struct arena arena; /* owns the texts below */
	const char *control;
	bool multi_arch_same;
	bool left_to_dpkg; /* its preinst diverts files of others: only dpkg's own order will do */
	const char *replaces, *provides; /* the fields, NULL: none */
	struct words conffiles;          /* without the leading '/' */
	struct words states; /* what dpkg's status says of them and of "remove-on-upgrade" */
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

/* Whether these are a root's first packages, dpkg among them. */
bool unpack_is_first(const struct unpack *unpack);

/* A control member by name, NULL when the package has none. */
const struct unpacked_member *unpacked_member(const struct unpacked *package, const char *name);

/*
 * Steps of it, in files of their own. No thread makes a link, so that no file is written through
 * one: links are made last.
 */

/* Extracts one file of a package once more. */
int unpack_again(
	const struct unpack *unpack, struct unpacked *package, const char *path, struct error *err);
/* Settles the paths that more than one package holds, or that were there before. */
int unpack_settle(struct unpack *unpack, struct error *err);
int unpack_links(struct unpack *unpack, struct error *err);

/* Where a path belongs: elsewhere when another package diverted it. */
const char *unpack_destination(
	const struct unpack *unpack, const struct unpacked *package, const char *path);
/* Where it is put: the same, and beside it when it is a conffile. Owned by the caller. */
char *unpack_place(const struct unpack *unpack, const struct unpacked *package, const char *path);
