/*
 * A Debian archive: signed Release files, package indices, packages. Nothing that came over the
 * network is used before a hash that leads back to a good signature has been checked.
 */
#pragma once

#include "base/memory.h"
#include "base/text.h"
#include "recipe/recipe.h"
#include "store/store.h"

/* One binary package as the archive has it. Strings live in the arena of whoever resolved it. */
struct package {
	const char *name, *version, *architecture;
	const char *path;   /* below the mirror: "pool/main/a/apt/apt_2.6.1_amd64.deb" */
	const char *mirror; /* where that path is */
	const char *suite;  /* "bookworm", "bookworm-security" */
	const char *sha256;
	uint64_t size;           /* bytes of the .deb */
	uint64_t installed_size; /* bytes */
	bool essential;
	const char *priority;
	const char *control; /* the whole stanza of the index, as it stands there, without the last
				newline */
};

struct package_list {
	struct package *items; /* sorted by name, then architecture */
	size_t count, capacity;
};

struct archive; /* verified indices of one recipe's suites, loaded for resolving */

/*
 * Fetches and verifies what the recipe names: InRelease of the suite, its updates and its security
 * suite where they exist, and their package indices. Errors: STATUS_ARCHIVE (unreachable,
 * signature, hash), STATUS_RECIPE for an unknown suite.
 */
int archive_open(const struct recipe *recipe, const struct store *store,
	struct archive **ret_archive, struct error *err);
void archive_free(struct archive *archive);
void archive_cleanup(struct archive **archive);
#define cleanup_archive cleanup(archive_cleanup)

/* The newest Date of its Release files, in seconds since 1970: the time stamp of all that is built.
 */
uint64_t archive_date(const struct archive *archive);
/* The deb lines for the guest's own sources.list, owned by the caller. */
char *archive_sources_list(const struct archive *archive);
/* Keyring that verified it, borrowed: to be used by others on the same archive. */
const char *archive_keyring(const struct archive *archive);

/* What to install. */
struct archive_request {
	bool base;                 /* essential, required and apt: what debootstrap's minbase has */
	struct word_list packages; /* "name", "name=version", "name/suite", "name:architecture" */
	struct word_list without;  /* names that must not be installed */
	struct arena *arena;       /* receives the result's strings */
};

/*
 * The packages that satisfy the request, dependencies included, Recommends not. An unknown package
 * or a conflict is STATUS_RECIPE at its position, in the words of the packages; a package of
 * `without` that something needs is STATUS_RECIPE and names the chain ("nginx depends on ...").
 */
int archive_resolve(struct archive *archive, const struct archive_request *request,
	struct package_list *ret_packages, struct error *err);

/* The newest package of that name, for programs that are unpacked and not installed (a kernel).
 * STATUS_ARCHIVE when there is none. */
int archive_package(struct archive *archive, const char *name, struct arena *arena,
	struct package *ret_package, struct error *err);
/* Names in a package's Depends whose name begins with `prefix`: how a metapackage names its kernel.
 */
const char *package_dependency(
	const struct package *package, const char *prefix, struct arena *arena);

/*
 * Brings packages into the store, in parallel, each verified by its hash while it streams in; those
 * already there cost nothing. Shows progress. Afterwards store_package_path() names each file.
 */
int packages_fetch(
	const struct package_list *packages, const struct store *store, struct error *err);
