/* The packages in an image: dpkg's database, or the files of status.d that images without dpkg
 * keep. */
#pragma once

#include "image/image-tree.h"

struct inspect_package {
	const char *name, *version, *architecture; /* the arena's */
	const char *list; /* path of the file that lists its files; NULL: there is none */
};

struct inspect_packages {
	struct arena arena;
	vector(struct inspect_package) items; /* by name, then architecture */
};

/* An image without a database has none. */
int inspect_packages_read(
	struct image_tree *tree, struct inspect_packages *ret_packages, struct error *err);
void inspect_packages_release(struct inspect_packages *packages);
#define cleanup_packages cleanup(inspect_packages_release)
