/*
 * What apt would choose where a dependency leaves a choice. libsolv finds a set of packages that
 * fits together, but any: it knows neither that the first of `a | b` is meant, nor which of several
 * providers. So apt's way is walked first, without looking back; libsolv then prefers these
 * packages wherever it can.
 */
#pragma once

#include "archive/catalog.h"

/* Appends the packages that apt would install for these roots, the roots included, to the queue.
 * `banned` has a bit for each solvable that must not be. */
void prefer_like_apt(
	const struct catalog *catalog, const Queue *roots, const Map *banned, Queue *preferred);
