/* A look at a recipe's kernel before it is built. */
#pragma once

#include "recipe/recipe.h"

/*
 * Whether the kernel that the recipe takes from the distribution, or gives, has what its platforms
 * need: kernel_check_package(). Nothing is fetched; what is not in the store at that path (NULL:
 * the usual one) is STATUS_ARCHIVE. A kernel that is built here is right by what it is built from.
 */
int kernel_look(const struct recipe *recipe, const char *store_path, struct error *err);
