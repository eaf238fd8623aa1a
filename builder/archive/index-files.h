/* Package indices (Packages files) of the suites that were found: fetched, verified by the hashes
 * of their Release, uncompressed into the store once, mapped into memory. */
#pragma once

#include "archive/releases.h"
#include "recipe/recipe.h"

struct index_file {
	const struct found_suite *suite; /* borrowed */
	const char *architecture;        /* "amd64", "all"; borrowed from the recipe */
	const char *sha256;              /* of the file that was fetched; the arena's */
	struct span text;                /* mapped */
};

struct index_files {
	struct index_file *items;
	size_t count, capacity;
};

/* One index for each suite, component and architecture of the recipe's, foreign ones included, and
 * (where the archive keeps them apart) `all`. A component or architecture that a suite which the
 * recipe names does not have is STATUS_RECIPE at its position. */
int index_files_fetch(const struct found_suites *suites, const struct recipe *recipe,
	const struct store *store, struct arena *arena, struct index_files *ret_files,
	struct error *err);
void index_files_release(struct index_files *files);
#define cleanup_index_files cleanup(index_files_release)
