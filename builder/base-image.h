/* The base image of a recipe: what its images record only the differences to. */
#pragma once

#include "plan.h"

/* Whether it can be one: it is read, some artefact records differences, and it is no larger than
 * the disk. Without a base all is well. */
int base_image_check(const struct plan *plan, struct error *err);
/* Opens it; *ret_disk is NULL when the recipe has none. */
int base_image_open(const struct recipe *recipe, struct disk **ret_disk, struct error *err);
