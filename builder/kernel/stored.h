/* Kernels that were built, as they lie in the store and travel between stores. */
#pragma once

#include "base/text.h"
#include "store/store.h"

struct stored_kernel {
	struct arena arena; /* owns the strings */
	const char *key;    /* what went in: kernel/build.h */
	const char *version, *architecture;
	const char *summary; /* "Linux 6.1.192-guest for one appliance" */
};
void stored_kernel_release(struct stored_kernel *kernel);
#define cleanup_stored_kernel cleanup(stored_kernel_release)

/* What the package says of itself; STATUS_ARCHIVE when it is no kernel that jeos has built. */
int stored_kernel_read(const char *deb, struct stored_kernel *ret_kernel, struct error *err);
/* Whether it is whole: each file is there and has its sum. STATUS_ARCHIVE when not. */
int stored_kernel_verify(const char *deb, struct error *err);

/* The keys there are, sorted, each in the arena; the list (vector_release) is the caller's. */
int stored_kernels(
	const struct store *store, struct arena *arena, struct words *ret_keys, struct error *err);
