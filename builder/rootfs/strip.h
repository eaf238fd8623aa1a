/*
 * Strip rules: named sets of path patterns that an image goes without. A recipe switches them by
 * name; the rules with `always` apply to every image. dpkg in the guest is told the same patterns
 * (path-exclude), so that an upgrade does not bring the files back.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "recipe/recipe.h"

struct strip_rule {
	const char *name;    /* "documentation" */
	const char *summary; /* for `jeos list strip` and the manual */
	bool always;
	bool packaged; /* its paths come in packages: dpkg is told too */
	/* Absolute patterns as in dpkg's path-exclude (fnmatch without FNM_PATHNAME); one that
	 * begins with '!' is an exception (path-include). NULL-terminated. */
	const char *const *patterns;
};

extern const struct strip_rule strip_rules[];
extern const size_t strip_rule_count;

const struct strip_rule *strip_find(const char *name);
/* Whether the recipe's rules leave out this absolute path. */
bool strip_matches(const struct recipe *recipe, const char *path);
/* /etc/dpkg/dpkg.cfg.d/jeos for the recipe's rules; owned by the caller. */
char *strip_dpkg_rules(const struct recipe *recipe);
