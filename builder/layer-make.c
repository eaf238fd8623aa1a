#include "layer-make.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/space.h"
#include "layer.h"
#include "rootfs/seal.h"

/* Packages are added to the base; the other layers are made from nothing. */
static bool lies_over_base(unsigned index)
{
	return index == LAYER_PACKAGES;
}

static char *layer_key(const struct layers *layers, unsigned index)
{
	bool holds_base = lies_over_base(index) && !layers->overlay;

	return xasprintf("%s%s", layers->plan->layers[index].key, holds_base ? STORE_WHOLE : "");
}

static bool take(struct layers *layers, unsigned index)
{
	cleanup_free char *key = layer_key(layers, index);

	return !layers->from_nothing && store_layer_take(layers->store, key, &layers->have[index]);
}

/* `product` becomes the layer. */
static int keep(struct layers *layers, unsigned index, const char *product, struct error *err)
{
	const struct plan_layer *layer = &layers->plan->layers[index];
	cleanup_free char *key = layer_key(layers, index);
	cleanup_free char *description =
		layer_describe(layers->plan->recipe->name.text, layer->name, layer->inputs);

	if (layers->from_nothing) {
		layers->have[index] = (struct store_layer){xstrdup(product), -1};
		return 0;
	}
	return store_layer_add(layers->store, key, product, description, &layers->have[index], err);
}

static char *describe(const struct layers *layers, unsigned index, bool cached)
{
	return xasprintf("%.12s%s", layers->plan->layers[index].key, cached ? " (cached)" : "");
}

static int make_directory(const char *path, struct error *err)
{
	return mkdir(path, 0755) ? error_errno(err, errno, "%s: making the directory", path) : 0;
}

/* A writable tree at `path` over `below`, which may be nothing. */
static int tree_over(const struct layers *layers, const struct words *below, const char *path,
	const char *changes, struct error *err)
{
	if (make_directory(path, err))
		return -1;
	if (!below->count)
		return 0;
	if (make_directory(changes, err))
		return -1;
	return sandbox_tree_over(layers->mode, layers->overlay, below, changes, path, err);
}

/* Whether there is room for so many bytes of files. */
static int check_space(const struct layers *layers, uint64_t bytes, struct error *err)
{
	if (!space_check(layers->work, bytes, err))
		return 0;
	cleanup_free char *why = steal_pointer(&err->message);
	return error_set(err, STATUS_FAILED,
		"no room to unpack: %s; make room there, perhaps by `jeos cache clean`, or have "
		"the store elsewhere with --store DIR",
		why);
}

/* ---- base and packages ---- */

/* Nothing in a layer carries a time later than the newest package in it and in the one below. */
static int note_dates(struct layers *layers, const struct package_list *packages, struct error *err)
{
	uint64_t date;

	if (packages_date(packages, layers->store, &date, err))
		return -1;
	if (date > layers->newest)
		layers->newest = date;
	return 0;
}

/* At least: strip rules may leave out half of what packages say they take. */
static uint64_t least_size(const struct package_list *packages)
{
	uint64_t bytes = 0;

	vector_for_each (package, packages)
		bytes += package->installed_size / 2;
	return bytes;
}

static int bootstrap(const struct rootfs *rootfs, struct error *err)
{
	if (bootstrap_find(rootfs->recipe->bootstrap.text)->run(rootfs, err))
		return -1;
	return rootfs_check_without(rootfs, err);
}

static int make_root(
	struct layers *layers, unsigned index, struct rootfs *rootfs, struct error *err)
{
	const struct plan_layer *layer = &layers->plan->layers[index];
	cleanup_free char *tree = xasprintf("%s/%s", layers->work, layer->name);
	cleanup_free char *changes = xasprintf("%s/%s.changes", layers->work, layer->name);
	cleanup_free char *upper = xasprintf("%s/upper", changes);
	const char *base = layers->have[LAYER_BASE].path;
	const struct words below = {.items = &base, .count = lies_over_base(index)};
	bool mounted = layers->overlay && below.count;
	const char *product = mounted ? upper : tree;

	if (check_space(layers, least_size(&layer->packages), err))
		return -1;
	rootfs->root = tree;
	rootfs->packages = &layer->packages;
	int result = tree_over(layers, &below, tree, changes, err);
	if (!result)
		result = bootstrap(rootfs, err);
	if (mounted)
		sandbox_tree_end(tree);
	if (result || rootfs_seal(product, layers->newest, err))
		return -1;
	return keep(layers, index, product, err);
}

int layers_root(struct layers *layers, unsigned index, struct rootfs *rootfs, char **ret_result,
	struct error *err)
{
	const struct plan_layer *layer = &layers->plan->layers[index];

	if (!layer->key) {
		*ret_result = xstrdup("none");
		return 0;
	}
	if (note_dates(layers, &layer->packages, err))
		return -1;
	bool cached = take(layers, index);
	if (!cached && make_root(layers, index, rootfs, err))
		return -1;
	*ret_result = describe(layers, index, cached);
	return 0;
}

/* ---- the kernel ---- */

static char *kernel_tree(const struct layers *layers)
{
	return xasprintf("%s/kernel", layers->work);
}

/* In the background. */
static int make_kernel(void *context, struct error *err)
{
	const struct layers *layers = context;
	const struct kernel_plan *kernel = &layers->plan->kernel;
	struct package_list packages = kernel_packages(kernel, false);
	cleanup_free char *tree = kernel_tree(layers);
	uint64_t date;

	int result = packages_date(&packages, layers->store, &date, err);

	vector_release(&packages);
	if (result || make_directory(tree, err) ||
		kernel_install(kernel, layers->store, layers->work, tree, err))
		return -1;
	return rootfs_seal(tree, date, err);
}

int layers_start_kernel(struct layers *layers, struct error *err)
{
	if (!layers->plan->layers[LAYER_KERNEL].key || take(layers, LAYER_KERNEL))
		return 0;
	if (check_space(layers, layers->plan->kernel.image.installed_size, err))
		return -1;
	return background_start(make_kernel, layers, &layers->kernel, err);
}

int layers_kernel(struct layers *layers, char **ret_result, struct error *err)
{
	cleanup_free char *tree = kernel_tree(layers);
	bool cached = !layers->kernel.pid;

	if (!layers->plan->layers[LAYER_KERNEL].key) {
		*ret_result = xstrdup("none");
		return 0;
	}
	if (!cached &&
		(background_finish(&layers->kernel, err) || keep(layers, LAYER_KERNEL, tree, err)))
		return -1;
	*ret_result = describe(layers, LAYER_KERNEL, cached);
	return 0;
}

/* ---- all of them ---- */

int layers_tree(const struct layers *layers, const char *path, struct error *err)
{
	cleanup_free char *changes = xasprintf("%s.changes", path);
	bool base_is_held = !layers->overlay && layers->have[LAYER_PACKAGES].path;
	const char *paths[LAYER_COUNT];
	struct words all = {.items = paths};

	for (unsigned i = 0; i < LAYER_COUNT; i++)
		if (layers->have[i].path && !(i == LAYER_BASE && base_is_held))
			paths[all.count++] = layers->have[i].path;
	return tree_over(layers, &all, path, changes, err);
}

void layers_tree_end(const struct layers *layers, const char *path)
{
	if (layers->overlay)
		sandbox_tree_end(path);
}

void layers_release(struct layers *layers)
{
	background_end(&layers->kernel);
	for (unsigned i = 0; i < LAYER_COUNT; i++)
		store_layer_release(&layers->have[i]);
}
