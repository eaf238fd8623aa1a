/*
 * The cloud that a guest under test finds itself in: a volume that tells it its host name, root's
 * keys and a script, in the layout of one of the sources that cloud-init(1) calls so.
 */
#pragma once

#include "recipe/recipe.h"

/* "nocloud", "config-drive"; NULL behind the last. */
const char *cloud_source_at(size_t index);

/* Makes the volume, a raw disk, under `path`; `work` is a private directory. */
int cloud_volume_make(
	const struct recipe_cloud *cloud, const char *work, const char *path, struct error *err);
