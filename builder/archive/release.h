/*
 * A Release file: which suite it is, when it was made, and the hashes of its indices. Only its
 * SHA256 section counts. Source: Debian's wiki, DebianRepository/Format.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "archive/control.h"

struct release {
	const char *origin, *suite, *codename;  /* as it says of itself; NULL: nothing */
	const char *architectures, *components; /* words; "" when it says nothing */
	uint64_t date;                          /* seconds since 1970 */
	uint64_t valid_until;                   /* the same; 0: for ever */
	bool by_hash;                           /* indices may be fetched by hash */
	bool all_apart;    /* packages of architecture `all` have indices of their own */
	struct span files; /* the SHA256 section; borrowed from the text */
};

/* One file that a Release lists. */
struct release_file {
	char sha256[65];
	uint64_t size;
};

/* Strings live in the arena; `text` must outlive the result. Errors are STATUS_ARCHIVE. */
int release_parse(
	struct span text, struct arena *arena, struct release *ret_release, struct error *err);

/* Whether it is the suite asked for, and still valid at that time. */
int release_check(
	const struct release *release, const char *suite, uint64_t now, struct error *err);

/* Looks a file up by its path below dists/SUITE/; false when it is not listed. */
bool release_find(const struct release *release, const char *path, struct release_file *ret_file);
