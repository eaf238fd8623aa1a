/* Stages: the ordered table of what a build does, and its runner. */
#pragma once

#include "plan.h"
#include "sandbox/sandbox.h"

struct build_options {
	const char *output; /* directory for the artefacts; made if missing */
	/* Hashes for the manifest: of the recipe's files, and of all that goes in. */
	const char *fingerprint, *key;
	const char *certificate; /* PEM file that bundles are signed with; NULL: none */
	const struct store *store;
	bool from_nothing;      /* layers are neither taken from the store nor put there */
	enum sandbox_mode mode; /* the one that was entered */
	bool only_kernel; /* ends when the store has the kernel; it must be one that is built */
	/* ... and is not built: this file gets its configuration; NULL: it is. */
	const char *kernel_config;
};

struct stage {
	const char *name, *summary;
};

/* Fetches, builds the tree, writes the artefacts, their manifest and SHA256SUMS. */
int stages_run(const struct plan *plan, const struct build_options *options, struct error *err);

/* For `jeos list stages`: the stage at an index, NULL behind the last. */
const struct stage *stage_at(size_t index);
