/*
 * The cloud that a guest under test finds itself in: what tells it its host name, root's keys and a
 * script is a volume, in the layout of one of the sources that cloud-init(1) calls so, or a
 * service: see metadata.h.
 */
#pragma once

#include "recipe/recipe.h"

/* The id of its instance. */
extern const char cloud_instance[];

/* "nocloud", "config-drive", and those of metadata.h; NULL behind the last. */
const char *cloud_source_at(size_t index);
bool cloud_has_volume(const struct recipe_cloud *cloud);
/* As OpenStack's JSON; NULL when a text is no UTF-8. Owned by the caller. */
char *cloud_describe_instance(const struct recipe_cloud *cloud);

/* Makes the volume, a raw disk, under `path`; `work` is a private directory. */
int cloud_volume_make(
	const struct recipe_cloud *cloud, const char *work, const char *path, struct error *err);
