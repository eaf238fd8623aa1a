/*
 * The layers of a build, each taken from the store, or made and put there. Packages are added to
 * the base. The kernel needs nothing of the root, so that it is made beside it.
 */
#pragma once

#include "base/background.h"
#include "plan.h"
#include "rootfs/rootfs.h"
#include "store/store.h"

struct layers {
	const struct plan *plan;   /* borrowed */
	const struct store *store; /* borrowed */
	const char *work;          /* a private directory; borrowed */
	enum sandbox_mode mode;
	bool from_nothing; /* they are neither taken from the store nor put there */
	bool overlay;      /* they are stacked by overlayfs; else copied */
	struct store_layer have[LAYER_COUNT]; /* those there are so far */
	uint64_t newest;          /* seconds: time of the newest package in the base and packages */
	struct background kernel; /* makes the kernel's layer */
};

void layers_release(struct layers *layers);

/* Base or packages, by bootstrapping rootfs->root, which it sets. ret_result says what was done. */
int layers_root(struct layers *layers, unsigned index, struct rootfs *rootfs, char **ret_result,
	struct error *err);

/* Begins to make the kernel's layer in the background, unless there is one or none is wanted. */
int layers_start_kernel(struct layers *layers, struct error *err);
/* Waits for it. */
int layers_kernel(struct layers *layers, char **ret_result, struct error *err);

/* A new writable tree at `path` over all of them; to be ended by layers_tree_end(). */
int layers_tree(const struct layers *layers, const char *path, struct error *err);
void layers_tree_end(const struct layers *layers, const char *path);
