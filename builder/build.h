/* A whole build, from a loaded recipe to artefacts: enters the sandbox, plans, runs the stages. */
#pragma once

#include <jansson.h>

#include "lock.h"
#include "recipe/recipe.h"
#include "store/store.h"

/* What is to be built; all borrowed. */
struct build_order {
	const struct recipe *recipe;
	const struct lock *lock; /* what to install; NULL: what the archive has now */
	const struct store *store;
	const char *output;      /* directory for the artefacts */
	const char *certificate; /* PEM file that bundles are signed with; NULL: none */
	bool force;              /* even if it is up to date */
	/* Twice from nothing but packages, which must give the same bytes; if not, the error says
	 * what differs. */
	bool verify;
	const char *kernel_config; /* of build_kernel(): what stages.h says of it */
};

/* Builds, unless the artefacts are there and all that went into them is as it was. ret_manifest (a
 * new reference) says what came out. */
int build_recipe(const struct build_order *order, json_t **ret_manifest, struct error *err);

/* The same, but without a look at the archive when the artefacts are there and no file of the
 * recipe, nor the lock, has changed since. */
int build_ensure(const struct build_order *order, json_t **ret_manifest, struct error *err);

/* Only its kernel, which must be one that is built: afterwards the store has it, or the file
 * `kernel_config` its configuration. */
int build_kernel(const struct build_order *order, struct error *err);
