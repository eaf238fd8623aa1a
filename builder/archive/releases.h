/* Finding a recipe's suites on their mirrors: fetched, signature checked, fit to be trusted. */
#pragma once

#include "archive/mirror.h"
#include "archive/release.h"
#include "store/store.h"

/* A suite that was found; strings live in the arena given. */
struct found_suite {
	enum suite_kind kind;
	const char *name;   /* "bookworm-security" */
	const char *mirror; /* where it was found */
	struct release release;
	const struct suite_place *place; /* borrowed */
};

struct found_suites {
	struct found_suite *items; /* in the arena */
	size_t count;
};

/*
 * Looks for each suite on its mirrors, in order. A mirror that does not have one is passed over;
 * any other failure is an error, for a suite left out in silence would leave its security updates
 * out. The first, the base suite, must be found, and the extra ones; its siblings too where the
 * distribution is known to have them, unless the recipe names its mirror.
 *
 * What was found is kept in the store: offline it is looked for there, its signature checked again,
 * and that it has expired is only a warning.
 */
int releases_fetch(const struct suite_place *places, size_t count, const struct store *store,
	struct arena *arena, struct found_suites *ret_found, struct error *err);
