/*
 * Versions that a lock holds: each stands in its package's candidate's place, so that nothing else
 * of that package is seen, until what must be installed does not fit to it.
 */
#pragma once

#include <solv/solver.h>

#include "archive/catalog.h"

/* Holds these versions, as far as the indices still have them. */
void catalog_hold(struct catalog *catalog, const struct package_list *held);

/* Lets go of the held versions that the failed solver's problems are about; false when there are
 * none. */
bool catalog_loosen(struct catalog *catalog, Solver *solver);
