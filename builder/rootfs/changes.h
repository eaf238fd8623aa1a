/* Changes of a read-only root: what starts before /sbin/init and lays an overlay over it. */
#pragma once

#include "image/layout.h"
#include "recipe/recipe.h"

/* A program of the guest, for the kernel's init=. */
#define CHANGES_INIT "usr/lib/jeos/changes"

/* Writes it into the root, if the recipe has `changes`. */
int changes_configure(const struct recipe *recipe, const struct image_layout *layout, int root,
	struct error *err);
