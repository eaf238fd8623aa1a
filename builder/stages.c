#include "stages.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/size.h"
#include "layer.h"
#include "lock.h"
#include "manifest.h"
#include "rootfs/rootfs.h"
#include "rootfs/seal.h"

/* A build under way. */
struct build {
	const struct plan *plan;
	const struct build_options *options;
	struct work_directory work;
	int packages; /* the lock on the store's packages */
	struct rootfs rootfs;
	char *root;   /* path of the tree; owned */
	bool overlay; /* layers are stacked by overlayfs; else each is whole */
	struct store_layer used[LAYER_COUNT]; /* those there are so far */
	struct words layers;                  /* their paths, the bottom first */
	uint64_t newest;                      /* seconds: time of the newest package in them */
	struct manifest *manifest;
};

static int stage_fetch(struct build *build, char **ret_result, struct error *err)
{
	const struct plan *plan = build->plan;
	struct package_list all = plan_packages(plan);
	uint64_t bytes = 0;
	char size[32];

	vector_for_each (package, &all)
		bytes += package->size;
	int result = packages_fetch(&all, plan->recipe, build->options->store, err);
	if (result && plan->lock)
		error_wrap(err, "%s", plan->lock->path);
	*ret_result =
		xasprintf("%zu packages, %s", all.count, size_format(bytes, size, sizeof(size)));
	vector_release(&all);
	return result;
}

static int make_directory(const char *path, struct error *err)
{
	return mkdir(path, 0755) ? error_errno(err, errno, "%s: making the directory", path) : 0;
}

/* A writable tree at `path` over the layers there are so far. */
static int tree_over_layers(
	struct build *build, const char *path, const char *changes, struct error *err)
{
	if (make_directory(path, err))
		return -1;
	if (!build->layers.count)
		return 0;
	if (make_directory(changes, err))
		return -1;
	return sandbox_tree_over(
		build->options->mode, build->overlay, &build->layers, changes, path, err);
}

/* Makes a layer in the work directory; ret_product is the directory that becomes the layer. */
static int make_layer(struct build *build, const struct plan_layer *layer,
	int (*make)(struct build *build, struct error *err), char **ret_product, struct error *err)
{
	cleanup_free char *tree = xasprintf("%s/%s", build->work.path, layer->name);
	cleanup_free char *changes = xasprintf("%s/%s.changes", build->work.path, layer->name);
	bool mounted = build->overlay && build->layers.count;

	build->rootfs.root = tree;
	build->rootfs.packages = &layer->packages;
	int result = tree_over_layers(build, tree, changes, err);
	if (!result)
		result = make(build, err);
	if (mounted)
		sandbox_tree_end(tree);
	if (!result)
		*ret_product = mounted ? xasprintf("%s/upper", changes) : steal_pointer(&tree);
	return result;
}

/* Nothing in a layer carries a time later than the newest package in it and in those below. */
static int note_dates(struct build *build, const struct package_list *packages, struct error *err)
{
	uint64_t date;

	if (packages_date(packages, build->options->store, &date, err))
		return -1;
	if (date > build->newest)
		build->newest = date;
	return 0;
}

/* A layer from the store, or made now and put there. */
static int stage_layer(struct build *build, unsigned index,
	int (*make)(struct build *build, struct error *err), char **ret_result, struct error *err)
{
	const struct plan_layer *layer = &build->plan->layers[index];

	if (!layer->key) {
		*ret_result = xstrdup("none");
		return 0;
	}
	if (note_dates(build, &layer->packages, err))
		return -1;
	cleanup_free char *key = xasprintf("%s%s", layer->key, build->overlay ? "" : STORE_WHOLE);
	struct store_layer *used = &build->used[index];
	bool from_nothing = build->options->from_nothing;
	bool cached = !from_nothing && store_layer_take(build->options->store, key, used);
	if (!cached) {
		cleanup_free char *product = NULL;
		cleanup_free char *description =
			layer_describe(build->plan->recipe->name.text, layer->name, layer->inputs);
		if (make_layer(build, layer, make, &product, err) ||
			rootfs_seal(product, build->newest, err))
			return -1;
		if (from_nothing)
			*used = (struct store_layer){steal_pointer(&product), -1};
		else if (store_layer_add(
				 build->options->store, key, product, description, used, err))
			return -1;
	}
	vector_push(&build->layers, used->path);
	*ret_result = xasprintf("%.12s%s", layer->key, cached ? " (cached)" : "");
	return 0;
}

static int make_packages(struct build *build, struct error *err)
{
	const struct bootstrap *bootstrap = bootstrap_find(build->plan->recipe->bootstrap.text);

	if (bootstrap->run(&build->rootfs, err))
		return -1;
	return rootfs_check_without(&build->rootfs, err);
}

static int make_kernel(struct build *build, struct error *err)
{
	return kernel_install(&build->plan->kernel, build->options->store, build->rootfs.root, err);
}

static int stage_base(struct build *build, char **ret_result, struct error *err)
{
	return stage_layer(build, LAYER_BASE, make_packages, ret_result, err);
}

static int stage_kernel(struct build *build, char **ret_result, struct error *err)
{
	struct package parts[] = {build->plan->kernel.image, build->plan->kernel.busybox};
	const struct package_list packages = {parts, array_count(parts), array_count(parts)};

	if (parts[0].name && note_dates(build, &packages, err))
		return -1;
	return stage_layer(build, LAYER_KERNEL, make_kernel, ret_result, err);
}

static int stage_packages(struct build *build, char **ret_result, struct error *err)
{
	return stage_layer(build, LAYER_PACKAGES, make_packages, ret_result, err);
}

static int stage_configure(struct build *build, char **ret_result, struct error *err)
{
	char root[UUID_TEXT] = "", esp[UUID_TEXT] = "";
	const struct image_layout *layout = &build->plan->layout;

	cleanup_free char *changes = xasprintf("%s/changes", build->work.path);

	(void)ret_result;
	build->rootfs.root = build->root;
	build->rootfs.packages = &build->plan->packages;
	if (tree_over_layers(build, build->root, changes, err))
		return -1;
	for (size_t i = 0; i < layout->partition_count; i++) {
		const struct image_partition *partition = &layout->partitions[i];
		if (partition->filesystem)
			uuid_format(
				&partition->filesystem_uuid, partition->holds_root ? root : esp);
	}
	return rootfs_configure(&build->rootfs, root, esp, err);
}

static int stage_overlay(struct build *build, char **ret_result, struct error *err)
{
	*ret_result = xasprintf("%zu overlays", build->plan->recipe->overlays.count);
	return rootfs_overlay(&build->rootfs, err);
}

static int stage_hook(struct build *build, char **ret_result, struct error *err)
{
	*ret_result = xasprintf("%zu hooks", build->plan->recipe->hooks.count);
	if (rootfs_hooks(&build->rootfs, err))
		return -1;
	return rootfs_check_without(&build->rootfs, err);
}

static int stage_clean(struct build *build, char **ret_result, struct error *err)
{
	(void)ret_result;
	return rootfs_clean(&build->rootfs, err);
}

static int stage_image(struct build *build, char **ret_result, struct error *err)
{
	const struct plan *plan = build->plan;
	cleanup_fd int tree = open(build->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (tree < 0)
		return error_errno(err, errno, "%s", build->root);
	for (size_t i = 0; i < plan->artefact_count; i++) {
		const struct plan_artefact *artefact = &plan->artefacts[i];
		cleanup_free char *path =
			xasprintf("%s/%s", build->options->output, artefact->name);
		progress_step(artefact->name, i, plan->artefact_count);
		if (image_write(
			    &plan->layout, artefact->format, tree, path, build->work.path, err) ||
			manifest_add(build->manifest, build->options->output, artefact->name, err))
			return -1;
	}
	*ret_result = xasprintf("%zu artefacts", plan->artefact_count);
	return 0;
}

static int stage_manifest(struct build *build, char **ret_result, struct error *err)
{
	(void)ret_result;
	return manifest_write(build->manifest, build->options->output, err);
}

static const struct {
	struct stage about;
	int (*run)(struct build *build, char **ret_result, struct error *err);
} stages[] = {
	{{"fetch", "bring packages into the store, each checked by its hash"}, stage_fetch},
	{{"base", "bootstrap the root, or take it from the store"}, stage_base},
	{{"kernel", "kernel, the modules its platforms need, initramfs"}, stage_kernel},
	{{"packages", "add the recipe's packages, or take them from the store"}, stage_packages},
	{{"configure", "host name, file systems, apt sources, accounts"}, stage_configure},
	{{"overlay", "copy overlays over the root"}, stage_overlay},
	{{"hook", "run hooks in the guest root"}, stage_hook},
	{{"clean", "strip what the recipe goes without, and traces of the build"}, stage_clean},
	{{"image", "write the disk images"}, stage_image},
	{{"manifest", "write the manifest and SHA256SUMS"}, stage_manifest},
};

const struct stage *stage_at(size_t index)
{
	return index < array_count(stages) ? &stages[index].about : NULL;
}

static int run_all(struct build *build, struct error *err)
{
	for (size_t i = 0; i < array_count(stages); i++) {
		cleanup_free char *result = NULL;
		if (interrupt_check(err))
			return -1;
		progress_begin(stages[i].about.name);
		if (stages[i].run(build, &result, err)) {
			progress_abandon();
			return error_wrap(err, "%s", stages[i].about.name);
		}
		progress_end(result);
	}
	return 0;
}

static void build_release(struct build *build)
{
	if (build->root && build->overlay)
		sandbox_tree_end(build->root);
	work_directory_release(&build->work);
	manifest_free(build->manifest);
	free(build->root);
	vector_release(&build->layers);
	cleanup_close_fd(&build->packages);
	for (unsigned i = 0; i < LAYER_COUNT; i++)
		store_layer_release(&build->used[i]);
}

int stages_run(const struct plan *plan, const struct build_options *options, struct error *err)
{
	cleanup(build_release) struct build build = {
		.plan = plan, .options = options, .packages = -1};

	if (directory_make(AT_FDCWD, options->output, err) ||
		store_hold(options->store, STORE_PACKAGES, &build.packages, err) ||
		store_work_directory(options->store, plan->name, &build.work, err))
		return -1;
	build.root = xasprintf("%s/root", build.work.path);
	build.overlay = sandbox_can_overlay(options->mode, build.work.path);
	build.manifest = manifest_make(plan, options->fingerprint, options->key);
	build.rootfs = (struct rootfs){
		.recipe = plan->recipe,
		.store = options->store,
		.mode = options->mode,
		.work = build.work.path,
		.epoch = plan->epoch,
		.sources_list = plan->sources_list,
		.command_line = plan->command_line,
	};
	return run_all(&build, err);
}
