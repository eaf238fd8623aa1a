/*
 * The root that a kernel is built in: compiler, make and what the kernel's own scripts run, for the
 * machine that builds. It is unpacked and never configured, for nothing in it is installed for
 * good: no maintainer script runs.
 */
#pragma once

#include "archive/archive.h"
#include "architecture.h"

/* The packages of it, dependencies included, as the index (of the building machine's architecture)
 * has them; the list (vector_release) is the caller's, its strings are the arena's. */
int kernel_tools_choose(struct package_index *index, const struct architecture *target,
	struct arena *arena, struct package_list *ret_packages, struct error *err);

/* Unpacks them into an open, empty directory. */
int kernel_tools_unpack(const struct package_list *packages, const struct store *store, int root,
	struct error *err);
