/*
 * The lock, NAME.lock beside the recipe: every package that a build installs, by its hash, so that
 * it installs just these on any day and host. Text, one fact a line, its words parted by a blank,
 * to be kept and compared like a source; lines that begin with # say nothing.
 *
 *     jeos-lock 1                      the format, first of all
 *     recipe KEY [VALUE...]            what the recipe asked for: it fits no other
 *     date 2026-07-11T10:16:37Z        of the archive: the time stamp of all that is built
 *     source LINE                      of the guest's own sources.list
 *     ROLE NAME VERSION ARCHITECTURE SHA256 SIZE SUITE SECTION PRIORITY PATH [MIRROR]
 *
 * A ROLE is `base` (of the base system alone), `add` (by the recipe's packages), `kernel` (or its
 * source), `part` (of a kernel in several packages), `busybox`, `uefi` (what starts it) or `tool`
 * (that a kernel is built with). SECTION and PRIORITY are as the archive's index had them, `-` if
 * it had none. PATH is below the suite's mirror, or MIRROR: one of the recipe's `repositories`.
 */
#pragma once

#include "archive/control.h"
#include "plan.h"

/* How dates are written, for strftime(3) and strptime(3). */
#define LOCK_DATE "%Y-%m-%dT%H:%M:%SZ"

struct lock {
	struct arena arena; /* owns every string here */
	const char *path;
	struct words requests; /* the `recipe` lines, without that word */
	uint64_t date;         /* seconds since 1970 */
	const char *sources_list;
	struct package_list base, add, tools, parts; /* each sorted */
	struct package kernel, busybox, uefi;        /* name NULL: there is none */
};

/* Where the recipe's lock is; owned by the caller. */
char *lock_path(const struct recipe *recipe);
/* Reads a lock, or its text. What is wrong in it is STATUS_RECIPE at its place. */
int lock_read(const char *path, struct lock **ret_lock, struct error *err);
int lock_parse(const char *path, struct span text, struct lock **ret_lock, struct error *err);
/* The recipe's lock if there is one, else NULL. One that does not fit the recipe is STATUS_RECIPE.
 */
int lock_open(const struct recipe *recipe, struct lock **ret_lock, struct error *err);
void lock_free(struct lock *lock); /* NULL is fine */
void lock_cleanup(struct lock **lock);
#define cleanup_lock cleanup(lock_cleanup)

/* Whether the recipe's `key` still says what it said when it was locked. */
bool lock_keeps(const struct lock *lock, const struct recipe *recipe, const char *key);

/* All packages of it, by name; the list (vector_release) is the caller's, its strings the lock's.
 */
struct package_list lock_packages(const struct lock *lock);

/* The plan as a lock; owned by the caller. */
char *lock_text(const struct plan *plan);
