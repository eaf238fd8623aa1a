/* A whole build, from a loaded recipe to artefacts: enters the sandbox, plans, runs the stages. */
#pragma once

#include <jansson.h>

#include "recipe/recipe.h"
#include "store/store.h"

/* Builds into the directory; ret_manifest (a new reference) says what came out. */
int build_recipe(const struct recipe *recipe, const struct store *store, const char *output,
	json_t **ret_manifest, struct error *err);

/* The same, unless the artefacts are there and no file of the recipe has changed since. */
int build_ensure(const struct recipe *recipe, const struct store *store, const char *output,
	json_t **ret_manifest, struct error *err);
