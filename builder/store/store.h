/*
 * The store: what jeos keeps between builds, addressed by hash. An entry appears whole, by rename,
 * or not at all; builds running side by side share it.
 *
 *     STORE/packages/SHA256.deb      packages
 *     STORE/indices/...              Release files and package indices
 *     STORE/layers/KEY/              finished trees, named by the hash of all that went in
 *     STORE/kernels/KEY/
 *     STORE/work/NAME.XXXXXX/        private to a running build; swept when its owner is gone
 */
#pragma once

#include "base/file.h"

struct store {
	char *path; /* absolute; owned */
};

/* Opens (and makes) the store: `path` if not NULL, else $JEOS_STORE, else $XDG_CACHE_HOME/jeos,
 * else ~/.cache/jeos. Sweeps work directories that a killed build left behind. */
int store_open(const char *path, struct store *ret_store, struct error *err);
void store_release(struct store *store);
#define cleanup_store cleanup(store_release)

/* Where the package lies, or would lie, in the store. Owned by the caller. */
char *store_package_path(const struct store *store, const char *sha256);

/* A private directory for this build, removed on release or by a later store_open(). */
int store_work_directory(const struct store *store, const char *name,
	struct work_directory *ret_work, struct error *err);

/* Where the layer of that key lies; owned by the caller. It is complete if it exists. */
char *store_layer_path(const struct store *store, const char *key);
/* Moves a finished tree into the store under its key. If another build was faster, its layer stays
 * and this one is removed. */
int store_layer_add(
	const struct store *store, const char *key, const char *tree, struct error *err);
