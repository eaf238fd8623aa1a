/* Stages: the ordered table of what a build does, and its runner. */
#pragma once

#include "plan.h"
#include "sandbox/sandbox.h"

struct build_options {
	const char *output;      /* directory for the artefacts; made if missing */
	const char *fingerprint; /* of the recipe's files, for the manifest */
	const struct store *store;
	enum sandbox_mode mode; /* the one that was entered */
};

struct stage {
	const char *name, *summary;
};

/* Fetches, builds the tree, writes the artefacts, their manifest and SHA256SUMS. */
int stages_run(const struct plan *plan, const struct build_options *options, struct error *err);

/* For `jeos list stages`: the stage at an index, NULL behind the last. */
const struct stage *stage_at(size_t index);
