/* Stages: the ordered table of what a build does, and its runner. */
#pragma once

#include "plan.h"
#include "sandbox/sandbox.h"

struct build_options {
	const char *output; /* directory for the artefacts; made if missing */
	const struct store *store;
};

struct stage {
	const char *name, *summary;
};

/* Fetches, builds the tree, writes the artefacts, their manifest and SHA256SUMS. */
int stages_run(const struct plan *plan, const struct build_options *options, struct error *err);

/* For `jeos list stages`; gives NULL behind the last. */
const struct stage *stage_at(size_t index);
