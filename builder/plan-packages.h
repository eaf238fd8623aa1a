/* The packages of a plan, which layer each is installed in, the kernel, the apt sources, the date.
 */
#pragma once

#include "plan.h"

/* What the archive has now; near a lock (NULL: none) as plan_make_near() says. */
int plan_ask_archive(struct plan *plan, const struct lock *near, const struct words *moving,
	const struct store *store, struct error *err);
/* What the archive had when the lock was made, without a look at it. */
void plan_follow_lock(struct plan *plan, const struct lock *lock);
