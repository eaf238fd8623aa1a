/* What an open archive is made of; private to this folder. */
#pragma once

#include "archive/archive.h"
#include "archive/catalog.h"
#include "archive/suite.h"

struct package_index {
	struct arena arena;          /* owns every string here */
	const struct recipe *recipe; /* borrowed */
	struct suite suite;
	const char *unknown; /* why debootstrap does not know it; NULL: it does */
	struct found_suites suites;
	struct index_files files;
	struct catalog catalog;
};

/* Finds the recipe's suites, signatures checked, without their indices. What had not expired by
 * `as_of` (seconds since 1970; 0: now) is good. */
int package_index_begin(const struct recipe *recipe, const struct store *store, uint64_t as_of,
	struct package_index *index, struct error *err);
