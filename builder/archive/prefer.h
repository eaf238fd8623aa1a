/*
 * What apt would choose where a dependency leaves a choice. libsolv finds a set of packages that
 * fits together, but any: it knows neither that the first of `a | b` is meant, nor which of several
 * providers. So apt's way is walked first, without looking back; libsolv then prefers these
 * packages wherever it can.
 */
#pragma once

#include "archive/catalog.h"

/* What apt is asked for. */
struct wishes {
	Queue base;      /* what is there already, or must be: solvables */
	Queue packages;  /* what is asked for by name */
	Map banned;      /* what must not be */
	bool recommends; /* whether what is not of the base brings what it recommends */
};

/* Appends the packages that apt would install, those of the wishes included, to `preferred`, and
 * those that are only recommended, with what they need, to `recommended`. */
void prefer_like_apt(const struct catalog *catalog, const struct wishes *wishes, Queue *preferred,
	Queue *recommended);
