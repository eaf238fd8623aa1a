/*
 * The store: what jeos keeps between builds, addressed by hash. An entry appears whole, by rename,
 * or not at all; builds running side by side share it.
 *
 *     STORE/packages/SHA256.deb      packages
 *     STORE/indices/SHA256           package indices, uncompressed, named by the hash that the
 *                                    signed Release file gives for them
 *     STORE/layers/KEY/              finished trees, named by the hash of all that went in
 *     STORE/kernels/KEY/
 *     STORE/work/NAME.XXXXXX/        private to a running build; swept when its owner is gone
 *
 * What is being made lies beside its final name, with the suffix ".part", or in work/.
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
/* The same for a package index. */
char *store_index_path(const struct store *store, const char *sha256);

/*
 * A private directory for this build, removed on release or by a later store_open(). It is in use
 * as long as this process, or one forked from it, holds the directory's lock.
 */
int store_work_directory(const struct store *store, const char *name,
	struct work_directory *ret_work, struct error *err);
/*
 * Removes the work directories whose owner is gone. What a user namespace's root left behind only
 * a process in such a namespace can remove; others leave it, silently.
 */
void store_sweep(const struct store *store);

/* Where the layer of that key lies; owned by the caller. It is complete if it exists. */
char *store_layer_path(const struct store *store, const char *key);
/* Moves a finished tree into the store under its key. If another build was faster, its layer stays
 * and this one is removed. */
int store_layer_add(
	const struct store *store, const char *key, const char *tree, struct error *err);

/* Notes that an entry was used, for cleaning by age. */
void store_touch(const char *path);
