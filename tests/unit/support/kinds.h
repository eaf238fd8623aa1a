/* Trees to write into filesystems. */
#pragma once

#include <stddef.h>

/* Makes a tree with every kind of inode, and what is special about some: holes, links, long names,
 * large ids, extended attributes, odd times. What only root may make is left out for others. */
void make_every_kind(const char *root);
/* Makes ROOT/NAME of `size` bytes that are not zero. */
void make_file(const char *root, const char *name, size_t size);
