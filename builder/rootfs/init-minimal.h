/* `init: minimal`: what the guest starts with, where that is not systemd. */
#pragma once

#include "recipe/recipe.h"

/* Makes busybox, which must be in the root, its /sbin/init. STATUS_RECIPE where there is one. */
int init_minimal(const struct recipe *recipe, int root, struct error *err);
