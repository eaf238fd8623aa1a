/*
 * Bundles: files that are made of an appliance and are not simply its disk: archives of its root,
 * archives with a disk in them, descriptions of its machine for a hypervisor.
 *
 * A new one is one file bundle-NAME.c with one `struct bundle`, and one line in bundle.c.
 */
#pragma once

#include "appliance.h"
#include "image.h"
#include "tar.h"

struct bundle {
	const char *name;    /* "tar-zst" */
	const char *suffix;  /* of file names: "tar.zst" */
	const char *summary; /* for `jeos list formats` */
	/* Writes the file, which does not exist yet. What a failure leaves is removed by others. */
	int (*write)(const struct bundle *bundle, const struct image_order *order, const char *path,
		struct error *err);
	/* Of archives of the root: */
	enum compression compression;
	const struct tar_change *changes; /* NULL: none */
};

extern const struct bundle bundle_tar, bundle_tar_gz, bundle_tar_xz, bundle_tar_zst;
/* Writes the root, with the bundle's changes, as a tar archive in the bundle's compression. */
int bundle_write_root(const struct bundle *bundle, const struct image_order *order,
	const char *path, struct error *err);

/* In the order of `jeos list formats`; NULL behind the last. */
const struct bundle *bundle_at(size_t index);
