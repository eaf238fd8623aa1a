/* /etc/fstab, by the layout of the disk. */
#pragma once

#include "image/layout.h"
#include "recipe/recipe.h"

/* Writes it, and makes the directories that are mounted on. */
int fstab_write(const struct recipe *recipe, const struct image_layout *layout, int root,
	struct error *err);
/* It is an error when a file of the complete root lies where a partition is mounted over it. */
int fstab_check(const struct recipe *recipe, int root, struct error *err);
