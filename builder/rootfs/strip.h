/*
 * Strip rules: named sets of path patterns that an image goes without. A recipe switches them by
 * name; the rules with `always` apply to every image. dpkg in the guest is told the patterns of
 * what comes in packages (path-exclude), so that an upgrade does not bring the files back.
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
	bool sealed;           /* applies to every sealed image */
	bool packaged;         /* its paths come in packages: dpkg is told too */
	bool keep_directories; /* only files go; otherwise directories that become empty go too */
	/* Absolute patterns as in dpkg's path-exclude (fnmatch without FNM_PATHNAME: '*' matches
	 * '/' as well), for a root with a merged /usr; one that begins with '!' is an exception to
	 * those before it. NULL-terminated; empty for a rule that the kernel stage obeys. */
	const char *const *patterns;
};

/* The rule of the modules that no chosen platform needs, see kernel/kernel.h. */
#define STRIP_KERNEL_MODULES "kernel-modules"

extern const struct strip_rule strip_rules[];
extern const size_t strip_rule_count;

const struct strip_rule *strip_find(const char *name); /* NULL: unknown */
/* Whether the rule applies to the recipe's image. */
bool strip_applies(const struct strip_rule *rule, const struct recipe *recipe);
/* The rule that leaves out this absolute path, or NULL. Without a recipe (NULL) only the rules of
 * every image are asked. */
const struct strip_rule *strip_match(const struct recipe *recipe, const char *path);
/* Whether there is one. */
bool strip_matches(const struct recipe *recipe, const char *path);
/* /etc/dpkg/dpkg.cfg.d/jeos for the recipe's rules; owned by the caller. */
char *strip_dpkg_rules(const struct recipe *recipe);
