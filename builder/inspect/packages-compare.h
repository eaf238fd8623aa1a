/* What two images have of packages. */
#pragma once

#include "image/compare.h"

/* Adds the packages that only one has, or that have different versions. */
int inspect_packages_compare(const struct comparison *comparison, struct error *err);
