/*
 * Where a recipe's suites are looked for. `mirror:` of the recipe wins; else the host's own apt
 * sources for that distribution; else the default of debootstrap's suite script. Security updates
 * are where the host has them, else beside the mirror (Debian: .../debian-security), else on it.
 */
#pragma once

#include "archive/apt-sources.h"
#include "archive/suite.h"

/* The suites of a distribution, which the recipe's `suite` implies; then those of `repositories`.
 */
enum suite_kind {
	SUITE_BASE,
	SUITE_UPDATES,
	SUITE_SECURITY,
	SUITE_KINDS,
	SUITE_EXTRA = SUITE_KINDS
};

enum { MIRRORS_MOST = 5 };

/* A suite and the mirrors that may have it, best first. */
struct suite_place {
	enum suite_kind kind;
	const char *name; /* "bookworm-security" */
	const char *mirrors[MIRRORS_MOST];
	size_t mirror_count;
	bool named;          /* the recipe named the mirror */
	const char *unknown; /* why nobody knows such a suite; NULL: it is known */
	const char *keyring; /* absolute path of the keys that it must be signed with */
	const struct word_list *components;
	uint64_t as_of; /* seconds since 1970: it is looked at as of then; 0: now */
};

/* Fills ret_places[SUITE_KINDS] but for keyring and components; strings live in the arena.
 * recipe_mirror may be NULL. */
void mirrors_choose(const struct suite *suite, const char *recipe_mirror,
	const struct apt_sources *host, struct arena *arena, struct suite_place *ret_places);

/* A mirror as others compare and extend it. */
const char *mirror_without_slash(const char *mirror, struct arena *arena);

/* Turns to the places as a mirror that keeps history had them: below MIRROR/DATE, the date being
 * written as in 20250101T000000Z. */
void mirrors_as_of(struct suite_place *places, size_t count, const char *date, struct arena *arena);

/* What the guest's sources.list says for a suite found at `mirror`: a mirror that the recipe names,
 * else the suite's default, never one that only the build host can know; NULL: nothing. */
const char *mirror_for_guest(const struct suite *suite, const char *recipe_mirror,
	const char *mirror, struct arena *arena);
