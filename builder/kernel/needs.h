/* What a recipe's disk needs of the kernel beside what its platforms do: one row for each thing. */
#pragma once

#include "base/hash.h"
#include "kernel/config.h"
#include "recipe/recipe.h"

/* The fragments that a kernel which is built must have, and the modules that an initramfs loads
 * before the root; NULL-terminated, the array is the arena's. */
const char *const *kernel_needed_fragments(const struct recipe *recipe, struct arena *arena);
const char *const *kernel_needed_modules(const struct recipe *recipe, struct arena *arena);
/* Whether a kernel has it all, as kernel_config_check_platforms() does. */
int kernel_config_check_disk(const struct kernel_config *config, const char *kernel,
	const struct recipe *recipe, struct error *err);
