/*
 * What goes into a layer: inputs, each a text under a name. The layer's key is the hash of them
 * all; beside the layer they are kept as they were, so that a plan can say what has changed.
 *
 *     {"recipe": "web", "layer": "packages",
 *      "inputs": {"kernel layer": "...", "package nginx": "1.22.1-9 SHA256", ...}}
 */
#pragma once

#include <jansson.h>

#include "base/hash.h"
#include "store/store.h"

/* What the name of a package's input begins with; its value begins with the version. */
#define LAYER_PACKAGE "package "

/* Changes whenever layers are kept in another way. */
#define LAYER_VERSION "1"

struct layer_inputs {
	struct hash hash;
	json_t *named; /* owned */
};

void layer_inputs_init(struct layer_inputs *inputs);
void layer_inputs_add(struct layer_inputs *inputs, const char *name, const char *value);

/* The description for the store; owned by the caller. */
char *layer_describe(const char *recipe, const char *layer, const json_t *inputs);
/*
 * What differs from the layer of that sort in the store that was used last, one of the same recipe
 * if there is one: "nginx 1.22.1-9 -> 1.22.1-10; strip rules changed". Owned by the caller.
 */
char *layer_changes(
	const struct store *store, const char *recipe, const char *layer, const json_t *inputs);
