/*
 * A Debian archive: signed Release files, package indices, packages. Nothing that came over the
 * network is used before a hash that leads back to a good signature has been checked.
 */
#pragma once

#include "base/hash.h"
#include "base/memory.h"
#include "base/text.h"
#include "recipe/recipe.h"
#include "store/store.h"

/* One binary package as the archive has it. Strings live in the arena of whoever resolved it. */
struct package {
	const char *name, *version, *architecture;
	const char *path;   /* below the mirror: "pool/main/a/apt/apt_2.6.1_amd64.deb" */
	const char *mirror; /* where that path is; NULL: only its suite is known */
	const char *suite;  /* "bookworm", "bookworm-security" */
	const char *sha256;
	uint64_t size;           /* bytes of the .deb */
	uint64_t installed_size; /* bytes */
	bool essential;
	const char *priority;
	const char *control; /* the whole stanza of the index, as it stands there, without the last
				newline; of a locked package only what the lock knows of it */
};

struct package_list {
	struct package *items; /* sorted by name, then architecture */
	size_t count, capacity;
};

void package_list_sort(struct package_list *packages);
void package_list_append(struct package_list *packages, const struct package_list *more);
/* Appends those that are not there yet. */
void package_list_merge(struct package_list *packages, const struct package_list *more);

/* "libc6", of a foreign architecture "libc6:i386", for a guest of architecture `native`. Owned by
 * the caller. */
char *package_full_name(const char *name, const char *architecture, const char *native);

struct package_index; /* verified indices of a recipe's suites, loaded for resolving (`struct
			 archive` is libarchive's) */

/*
 * Fetches and verifies what the recipe names: InRelease of the suite, its updates and its security
 * suite where they exist, and their package indices. Errors: STATUS_ARCHIVE (unreachable,
 * signature, hash), STATUS_RECIPE for an unknown suite.
 */
int package_index_open(const struct recipe *recipe, const struct store *store,
	struct package_index **ret_index, struct error *err);
/* Reads what was opened; to be called once, before anything is asked of the packages. */
int package_index_load(struct package_index *index, struct error *err);
/* Adds all that the answers depend on, besides the question. */
void package_index_hash(const struct package_index *index, struct hash *hash);
void package_index_free(struct package_index *index);
void package_index_cleanup(struct package_index **index);
#define cleanup_package_index cleanup(package_index_cleanup)

/* The newest Date of its Release files, in seconds since 1970: the time stamp of all that is built.
 */
uint64_t package_index_date(const struct package_index *index);
/* Where the guest has the keys of the n-th of the recipe's `repositories`, from 1 on. */
#define GUEST_KEYRING "etc/apt/keyrings/repository-%u.gpg"
/* The deb lines for the guest's own sources.list, owned by the caller. */
char *package_index_sources_list(const struct package_index *index);

/* By how much a system needs a package; Debian Policy 2.5. */
enum priority {
	PRIORITY_REQUIRED,
	PRIORITY_IMPORTANT,
	PRIORITY_STANDARD,
	PRIORITY_OPTIONAL,
	PRIORITY_EXTRA,
};

/* A base system: what every root has before anything is asked for. All have the essential packages
 * and what those need. */
struct base_system {
	const char *name, *summary;
	enum priority below; /* takes all packages that a system needs more than these */
	bool apt;            /* takes apt too */
};
extern const struct base_system base_systems[]; /* ends with a NULL name */
const struct base_system *base_system_find(const char *name);

/* What to install. */
struct package_request {
	const struct base_system *base; /* NULL: none */
	bool recommends;                /* what `packages` bring may bring what it recommends */
	struct word_list packages; /* "name", "name=version", "name/suite", "name:architecture" */
	struct word_list without;  /* names that must not be installed */
	struct arena *arena;       /* receives the result's strings */
};

/*
 * The packages that satisfy the request, dependencies included. What is only recommended is left
 * out in silence where it cannot be installed or `without` forbids it. An unknown package
 * or a conflict is STATUS_RECIPE at its position, in the words of the packages; a package of
 * `without` that something needs is STATUS_RECIPE and names the chain ("nginx depends on ...").
 * The list (vector_release) is the caller's, its strings are the request's arena's.
 */
int package_index_resolve(struct package_index *index, const struct package_request *request,
	struct package_list *ret_packages, struct error *err);

/* From now on these versions are installed, where the indices still have them, and where what else
 * must be installed fits to them. Called at most once, before resolving. */
void package_index_hold(struct package_index *index, const struct package_list *held);

/* The newest package of that name, for programs that are unpacked and not installed (a kernel).
 * STATUS_ARCHIVE when there is none. */
int package_index_find(struct package_index *index, const char *name, struct arena *arena,
	struct package *ret_package, struct error *err);
/* Names in a package's Depends whose name begins with `prefix`: how a metapackage names its kernel.
 */
const char *package_dependency(
	const struct package *package, const char *prefix, struct arena *arena);

/*
 * Brings packages into the store, in parallel, each verified by its hash while it streams in; those
 * already there cost nothing. Shows progress. Afterwards store_package_path() names each file.
 * Those that have no mirror, for they stand in a lock, are looked for on the recipe's. Errors are
 * STATUS_ARCHIVE and name what is missing.
 */
int packages_fetch(const struct package_list *packages, const struct recipe *recipe,
	const struct store *store, struct error *err);
/* The path of a URL: what could mean something else there is escaped, '+' too, which some servers
 * take for a blank. Owned by the caller. */
char *url_escape(const char *path);
