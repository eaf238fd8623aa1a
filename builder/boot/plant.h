/* Putting the test agent into the throw-away copy of a root, be it a filesystem in a disk or a tree
 * of files. */
#pragma once

#include <sys/types.h>

#include "base/text.h"

/* A root to be changed; paths are absolute in it. */
struct plant_root {
	bool (*exists)(void *root, const char *path);
	int (*read)(void *root, const char *path, size_t limit, struct buffer *ret_content,
		struct error *err);
	int (*write)(void *root, const char *path, const void *data, size_t length, mode_t mode,
		struct error *err);
	int (*link)(void *root, const char *path, const char *target, struct error *err);
};

/* The agent will speak on that device of the guest's when its system is up. */
int plant_agent(const struct plant_root *kind, void *root, const char *device, struct error *err);
