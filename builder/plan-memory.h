/* Answers of the archive, remembered in the store: resolving takes longer than all else in a plan.
 */
#pragma once

#include "base/hash.h"
#include "plan.h"

/* The hash of all that decides which packages a plan has. */
int plan_question(const struct plan *plan, const struct package_index *index,
	const struct package_index *tools, char ret_question[HASH_TEXT], struct error *err);
/* Keeps the plan's packages; a store that cannot is no failure. */
void plan_remember(const struct plan *plan, const struct store *store, const char *question);
/* Fills in the plan's packages; false when they are not remembered. */
bool plan_recall(struct plan *plan, const struct store *store, const char *question);
