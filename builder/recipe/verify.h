/* What no single value shows: defaults that depend on others, and values that contradict. */
#pragma once

#include "recipe.h"

/* Completes and verifies a recipe whose values are good by themselves. Adds problems. */
void verify_recipe(struct recipe *recipe);
/* verify-disk.c: the same of its disk. */
void verify_disk(struct recipe *recipe);
/* The rules of `keep` must be ones that a recipe can switch. */
void verify_keep(struct recipe *recipe);
