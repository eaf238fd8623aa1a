/*
 * The catalog: every package of every index, as libsolv's solvables, each with the stanza it came
 * from. A package's *candidate* is its newest version in all suites, the one that apt would
 * install, or the version that a lock holds (hold.h); the solver is shown only candidates, or the
 * versions that a request pins instead.
 */
#pragma once

#include <solv/bitmap.h>
#include <solv/pool.h>
#include <solv/repo.h>

#include "archive/archive.h"
#include "archive/index-files.h"

/* What libsolv does not keep of a solvable. */
struct catalog_entry {
	struct span stanza;            /* in the index */
	const struct index_file *file; /* NULL: the solvable is none of ours */
	enum priority priority;
	bool essential;
};

struct catalog {
	Pool *pool;                           /* owned */
	const char *architecture;             /* the native one; borrowed */
	struct words foreign;                 /* those there are beside it; borrowed */
	vector(struct catalog_entry) entries; /* by solvable */
	Id *candidates;                       /* by name: the newest solvable or 0; owned */
	Id *newest;  /* by name: the candidates before any was held; NULL: none was; owned */
	Id name_end; /* names at and beyond have no candidate */
};

/* Reads the indices; they and the architecture's name must outlive the catalog. Solvables of
 * foreign architectures are called NAME:ARCHITECTURE. Fails only when interrupted, or without
 * libsolv's help. */
int catalog_load(const struct index_files *files, const char *architecture,
	struct catalog *ret_catalog, struct error *err);
void catalog_release(struct catalog *catalog);
#define cleanup_catalog cleanup(catalog_release)

/* Walks over the solvables that satisfy a dependency. An index, for looking up another dependency
 * inside the loop may move libsolv's array. */
#define provider_for_each(provider, pool, dependency)                          \
	for (Id provider##_at = pool_whatprovides(pool, dependency), provider; \
		(provider = (pool)->whatprovidesdata[provider##_at]); provider##_at++)

static inline const char *catalog_name(const struct catalog *catalog, Id solvable)
{
	return pool_id2str(catalog->pool, pool_id2solvable(catalog->pool, solvable)->name);
}

static inline const char *catalog_version(const struct catalog *catalog, Id solvable)
{
	return pool_id2str(catalog->pool, pool_id2solvable(catalog->pool, solvable)->evr);
}

/* The candidate of a package, 0 when there is no package of that name ("libc6", "libc6:i386"). */
Id catalog_candidate(const struct catalog *catalog, const char *name);

/* A solvable as a package, strings kept in the arena. STATUS_ARCHIVE when the index does not say
 * all that is needed to fetch it, or says what cannot be. */
int catalog_package(const struct catalog *catalog, Id solvable, struct arena *arena,
	struct package *ret_package, struct error *err);
