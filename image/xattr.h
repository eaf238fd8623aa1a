/* Extended attributes of what is in a tree: those that belong to it, sorted by name. */
#pragma once

#include "tree.h"

/* Calls `each` with each attribute; the name is as getxattr(2) has it, "security.capability". */
int xattrs_each(const struct tree_entry *entry,
	int (*each)(void *context, const char *name, const void *value, size_t length,
		struct error *err),
	void *context, struct error *err);
