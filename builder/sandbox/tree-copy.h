/* Copies of whole trees: contents, modes, owners, times, extended attributes, hard links, devices.
 */
#pragma once

#include "base/error.h"

/* Copies what is in directory `from` into the existing directory `to`, which takes on its
 * attributes too. Directories that are there merge likewise, other files are replaced. */
int tree_copy(const char *from, const char *to, struct error *err);
