/* Whether a plan gives the same bytes each time: it is built twice from nothing but packages. */
#pragma once

#include "stages.h"

/* Leaves the artefacts of the first build in the output directory. If those of the second differ,
 * the error says in which files and structures. */
int verify_build(const struct plan *plan, const struct build_options *options, struct error *err);
