/* Sealing a layer: it must be the same whenever it was made, so nothing in it may say when. */
#pragma once

#include "archive/archive.h"

/* When the newest of these packages, which are in the store, was made: seconds since 1970, as the
 * .deb itself says (deb(5)). */
int packages_date(const struct package_list *packages, const struct store *store,
	uint64_t *ret_date, struct error *err);
/* Gives everything in the tree that is newer than `date` that time; of passwords, the day. */
int rootfs_seal(const char *tree, uint64_t date, struct error *err);
/* The same for passwords alone. */
int rootfs_seal_passwords(int root, uint64_t date, struct error *err);
