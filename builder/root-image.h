/* The root as a file of its own: of a root that is read-only, made once for all artefacts, with the
 * hashes of its blocks. */
#pragma once

#include "plan.h"

struct root_image {
	char *path, *verity; /* files in the work directory; NULL: none; owned */
	char *command_line;  /* the kernel's, complete; NULL: there is none; owned */
};
void root_image_release(struct root_image *image);

int root_image_make(const struct plan *plan, const char *tree, const char *work,
	struct root_image *ret_image, struct error *err);

/* A copy of the layout in the arena, in which all is placed: what was as large as its contents has
 * their size. `tree` is the root's descriptor. */
int root_image_place(const struct root_image *image, int tree, struct arena *arena,
	struct image_layout *layout, struct error *err);
