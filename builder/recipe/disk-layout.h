/* What a recipe says of its disk, as a layout of partitions. */
#pragma once

#include "image/layout.h"
#include "recipe.h"

/* "512M", "25%", "content", "content+64M", "rest"; false when it is none of them. */
bool extent_parse(const char *text, struct extent *ret_extent);

/*
 * The layout of the disk, or with `bare` of the root alone. Strings are the recipe's, the array is
 * the arena's. STATUS_RECIPE at what is wrong.
 */
int recipe_layout(const struct recipe *recipe, bool bare, const char *seed, struct arena *arena,
	struct image_layout *ret_layout, struct error *err);
/* Whether nothing can be changed in the root filesystem itself. */
bool recipe_root_is_read_only(const struct recipe *recipe);
