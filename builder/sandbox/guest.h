/* The guest's view of the world: its root as "/", fresh kernel file systems, a few devices. */
#pragma once

#include "sandbox/loan.h"
#include "sandbox/sandbox.h"

/* Before the run, from outside: what must lie in the tree itself while the program runs. */
int guest_make_ready(
	const struct sandbox_run *run, int root, struct loans *loans, struct error *err);

/* In the process that will start the program, in namespaces of its own: makes run->root its root
 * and mounts what belongs there. */
int guest_enter(const struct sandbox_run *run, struct error *err);
