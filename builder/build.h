/* A whole build, from a loaded recipe to artefacts: enters the sandbox, plans, runs the stages. */
#pragma once

#include <jansson.h>

#include "lock.h"
#include "recipe/recipe.h"
#include "store/store.h"

/* Builds into the directory, what the lock says (NULL: what the archive has now); ret_manifest (a
 * new reference) says what came out. */
int build_recipe(const struct recipe *recipe, const struct lock *lock, const struct store *store,
	const char *output, json_t **ret_manifest, struct error *err);

/* The same, unless the artefacts are there and no file of the recipe, nor the lock, has changed
 * since. */
int build_ensure(const struct recipe *recipe, const struct lock *lock, const struct store *store,
	const char *output, json_t **ret_manifest, struct error *err);
