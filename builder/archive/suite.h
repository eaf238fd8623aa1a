/*
 * What debootstrap knows of a suite: its script in /usr/share/debootstrap/scripts (or
 * $DEBOOTSTRAP_DIR/scripts) names the keyring and, for some, the default mirror. The scripts are
 * read, never run.
 */
#pragma once

#include "recipe/recipe.h"

struct suite {
	const char *name;           /* "bookworm" */
	const char *keyring;        /* path; also tells distributions apart */
	const char *default_mirror; /* URL, without a slash at its end; NULL: it has none */
};

/* The path of its script; Debian's suites that are younger than this debootstrap have that of sid.
 * NULL: the suite is unknown. Owned by the caller. */
char *suite_script(const char *suite);

/* Strings live in the arena. An unknown suite is STATUS_RECIPE at its position and names the
 * nearest one. */
int suite_find(struct word suite, const char *architecture, struct arena *arena,
	struct suite *ret_suite, struct error *err);
