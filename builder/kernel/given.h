/* A kernel package that the recipe gives as a file. */
#pragma once

#include "archive/archive.h"
#include "architecture.h"

/*
 * Reads what the package is; it is then fetched and installed like one of an archive. If
 * ret_package already has a hash, a lock's, the file must have it too. STATUS_RECIPE at the word
 * when it is no kernel's package, or one for another architecture.
 */
int kernel_given(const struct word *file, const struct architecture *architecture,
	struct arena *arena, struct package *ret_package, struct error *err);
