/*
 * The store: what jeos keeps between builds, addressed by hash. An entry appears whole, by rename,
 * or not at all; builds running side by side share it. Below its path lie:
 *
 *     packages/SHA256.deb      packages
 *     indices/SHA256           package indices, uncompressed, named by the hash that the
 *                              signed Release file gives for them
 *     indices/SHA256.release   Release files, named by the hash of their address
 *     plans/KEY                what a request for packages came to
 *     layers/KEY/              finished trees, named by the hash of all that went in
 *     layers/KEY.inputs        what that was (layer.h); its time says when it was last used
 *     kernels/KEY.deb          kernels that were built (kernel/build.h)
 *     hosts/NAME...            appliances that tests run guests in, as a build leaves them
 *     work/NAME.XXXXXX/        private to a running build; swept when its owner is gone
 *
 * What is being made lies beside its final name, with the suffix ".part", or in work/.
 */
#pragma once

#include <stdbool.h>

#include "base/file.h"

/* What an entry can be; all but layers are files, used by whoever holds the room. */
enum store_room {
	STORE_PACKAGES,
	STORE_INDICES,
	STORE_PLANS,
	STORE_LAYERS,
	STORE_KERNELS,
	STORE_HOSTS,
	STORE_ROOMS,
};
const char *store_room_name(enum store_room room); /* "packages" */

struct store {
	char *path;   /* absolute; owned */
	bool offline; /* what is not in it must not be fetched; set by who opened it */
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

/* The same for a kernel that was built. */
char *store_kernel_path(const struct store *store, const char *key);

/* The same for a Release file, or its signature, of that address. */
char *store_release_path(const struct store *store, const char *url);

/*
 * A private directory for this build, removed on release or by a later store_open(). It is in use
 * as long as this process, or one forked from it, holds the directory's lock.
 */
int store_work_directory(const struct store *store, const char *name,
	struct work_directory *ret_work, struct error *err);
/* The same, but one for all builds by that name: waits until nobody else has it. */
int store_work_alone(const struct store *store, const char *name, struct work_directory *ret_work,
	struct error *err);
/*
 * Removes the work directories whose owner is gone. What a user namespace's root left behind only
 * a process in such a namespace can remove; others leave it, silently.
 */
void store_sweep(const struct store *store);

/* A layer in use: nobody removes it from the store until its release. */
struct store_layer {
	char *path; /* owned; NULL: none */
	int lock;   /* -1: it lies elsewhere */
};

/* What a description's name has behind the layer's key. */
#define STORE_DESCRIPTION ".inputs"
/* What the key has at its end where layers cannot be stacked, so that one holds all of the one that
 * it was made over. */
#define STORE_WHOLE ".whole"

/* Where the layer of that key lies, and what describes it. Owned by the caller. */
char *store_layer_path(const struct store *store, const char *key);
char *store_description_path(const struct store *store, const char *key);
/* Takes a layer into use; false when there is none, or when another user made it. */
bool store_layer_take(const struct store *store, const char *key, struct store_layer *ret_layer);
/*
 * Moves a finished tree into the store under its key, and takes it into use. If another build was
 * faster, its layer is taken and this one removed; if that is another user's, the tree stays where
 * it is and is itself the layer.
 */
int store_layer_add(const struct store *store, const char *key, const char *tree,
	const char *description, struct store_layer *ret_layer, struct error *err);
void store_layer_release(struct store_layer *layer);

/* Takes all files of a room into use: none is cleaned away until the lock, a descriptor, is closed.
 */
int store_hold(const struct store *store, enum store_room room, int *ret_lock, struct error *err);

/* Notes that an entry was used, for cleaning by age. */
void store_touch(const char *path);
