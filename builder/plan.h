/*
 * A plan: what will be done, complete before anything is done. Every package with its version and
 * hash, every layer with its key, every byte range of the disk. Deterministic, and free of side
 * effects but for the archive's indices in the store. `jeos plan` prints it.
 */
#pragma once

#include <jansson.h>

#include "archive/archive.h"
#include "architecture.h"
#include "image/image.h"
#include "kernel/kernel.h"
#include "platform.h"
#include "recipe/recipe.h"

/*
 * The layers of a root, bottom first. Each is kept in the store under the hash of all that went
 * into it. Packages are added to a base; the kernel and the base are made from nothing. So an
 * appliance with other packages shares both, and one with another base the kernel.
 */
enum { LAYER_KERNEL, LAYER_BASE, LAYER_PACKAGES, LAYER_COUNT };

struct plan_layer {
	const char *name;
	const char *key;              /* NULL: this plan has no such layer */
	struct package_list packages; /* what is installed in it */
	json_t *inputs;               /* all that went in, see layer.h; owned */
};

/* One file that a build leaves behind. */
struct plan_artefact {
	const char *format;                /* "qcow2" */
	const struct image_layout *layout; /* what is in it */
	const char *name;                  /* "minimal-1.0-amd64.qcow2" */
};

struct plan {
	struct arena arena;          /* owns what follows */
	const struct recipe *recipe; /* borrowed */
	const struct lock *lock;     /* that it was made from, borrowed; NULL: none */
	const struct architecture *architecture;
	const struct platform **platforms; /* NULL-terminated */
	struct package_list packages;      /* installed in the root, all layers together */
	struct plan_layer layers[LAYER_COUNT];
	struct kernel_plan kernel;
	const char *command_line; /* the kernel's; NULL: there is none */
	const char *sources_list;
	uint64_t epoch;             /* seconds: the time stamp of everything */
	const char *seed;           /* all UUIDs derive from it */
	struct image_layout layout; /* of the disk */
	struct image_layout bare;   /* of formats that are the root alone */
	struct plan_artefact *artefacts;
	size_t artefact_count;
	const char *name; /* "minimal-1.0-amd64" */
};

struct lock;

/* What the lock says (whose strings the plan borrows), or without one what the archive has now. */
int plan_make(const struct recipe *recipe, const struct lock *lock, const struct store *store,
	struct plan **ret_plan, struct error *err);
/* What the archive has now; but of the lock's packages only those that `moving` names change, and
 * those that otherwise would not fit to them. The lock need not fit the recipe. */
int plan_make_near(const struct recipe *recipe, const struct lock *lock, const struct words *moving,
	const struct store *store, struct plan **ret_plan, struct error *err);
void plan_free(struct plan *plan);
void plan_cleanup(struct plan **plan);
#define cleanup_plan cleanup(plan_cleanup)

/* All packages that a build needs, installed or not, by name, with `kernel_build` those too that
 * build the kernel; the list (vector_release) is the caller's, its strings the plan's. */
struct package_list plan_packages(const struct plan *plan, bool kernel_build);

/* Whether a kernel must be built: it is not in the store, nor (or with `anew` all the same) the
 * layer made of it. */
bool plan_compiles_kernel(const struct plan *plan, const struct store *store, bool anew);

/* The plan as text for people; owned by the caller. */
char *plan_text(const struct plan *plan, const struct store *store);
/* Of a layer that the plan has: "cached", or "to do" and why; owned by the caller. */
char *plan_layer_state(
	const struct plan *plan, const struct plan_layer *layer, const struct store *store);
/* Where everything on a disk lies; a new reference. */
json_t *plan_layout_json(const struct image_layout *layout);
/* The plan as JSON, for programs and for the manifest; a new reference. */
json_t *plan_json(const struct plan *plan);

/* "minimal-1.0-amd64": what every file of this recipe is called; owned by the caller. */
char *plan_name(const struct recipe *recipe);
