#include "stages.h"

#include <errno.h>
#include <fcntl.h>

#include "base-image.h"
#include "base/cleanup.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/size.h"
#include "kernel/boot-files.h"
#include "kernel/register.h"
#include "layer-make.h"
#include "lock.h"
#include "manifest.h"
#include "plan-appliance.h"
#include "recipe/disk-layout.h"
#include "root-image.h"
#include "rootfs/reduce.h"
#include "rootfs/rootfs.h"

/* A build under way. */
struct build {
	const struct plan *plan;
	const struct build_options *options;
	struct work_directory work;
	int packages, kernels; /* the locks on the store's packages and kernels */
	struct rootfs rootfs;
	struct layers layers;
	char *root;                       /* path of the tree; owned */
	char *kernel_package;             /* that dpkg knows; owned; NULL: none */
	struct boot_parts parts;          /* the kernel */
	struct boot_made boot;            /* what boots it, beside the root */
	struct root_image image;          /* the root, if it is read-only */
	struct arena arena;               /* owns what is in ... */
	struct image_layout layout, bare; /* ... the plan's, with every range */
	struct disk *base;                /* what images record differences to; NULL: nothing */
	bool compiles; /* a kernel: neither it nor what is made of it is in the store */
	struct manifest *manifest;
};

static int stage_fetch(struct build *build, char **ret_result, struct error *err)
{
	const struct plan *plan = build->plan;
	struct package_list all = build->options->only_kernel
					  ? kernel_packages(&plan->kernel, build->compiles)
					  : plan_packages(plan, build->compiles);
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

static int stage_compile(struct build *build, char **ret_result, struct error *err)
{
	const struct kernel_plan *kernel = &build->plan->kernel;
	cleanup_free char *log =
		xasprintf("%s/%s.kernel.log", build->options->output, build->plan->name);
	const struct kernel_build_options options = {
		.store = build->options->store, .mode = build->options->mode, .log = log};
	const char *config = build->options->kernel_config;
	bool built = false;

	if (config) {
		*ret_result = xstrdup(config);
		return kernel_build_configure(&kernel->build, &options, config, err);
	}
	if (build->compiles && kernel_build_run(&kernel->build, &options, &built, err))
		return -1;
	*ret_result = !kernel_is_built(kernel)
			      ? xstrdup("none")
			      : xasprintf("%.12s%s", kernel->build.key, built ? "" : " (cached)");
	return 0;
}

static int stage_base(struct build *build, char **ret_result, struct error *err)
{
	return layers_root(&build->layers, LAYER_BASE, &build->rootfs, ret_result, err);
}

static int start_kernel(struct build *build, struct error *err)
{
	return layers_start_kernel(&build->layers, err);
}

static int stage_kernel(struct build *build, char **ret_result, struct error *err)
{
	return layers_kernel(&build->layers, ret_result, err);
}

static int stage_packages(struct build *build, char **ret_result, struct error *err)
{
	return layers_root(&build->layers, LAYER_PACKAGES, &build->rootfs, ret_result, err);
}

static int stage_configure(struct build *build, char **ret_result, struct error *err)
{
	(void)ret_result;
	build->rootfs.root = build->root;
	build->rootfs.packages = &build->plan->packages;
	if (layers_tree(&build->layers, build->root, err) ||
		kernel_enrol(build->root, &build->kernel_package, err))
		return -1;
	return rootfs_configure(&build->rootfs, &build->plan->layout, err);
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
	if (build->plan->recipe->sealed && rootfs_reduce(&build->rootfs, ret_result, err))
		return -1;
	return rootfs_clean(&build->rootfs, err);
}

/* Serial number of the ESP's filesystem; "" without one. */
static void find_esp(const struct image_layout *layout, char ret_serial[UUID_SERIAL])
{
	const struct image_partition *esp = layout_find(layout, USE_ESP);

	*ret_serial = '\0';
	if (esp)
		uuid_format_serial(&esp->filesystem_uuid, ret_serial);
}

static bool has_bare_artefact(const struct plan *plan)
{
	for (size_t i = 0; i < plan->artefact_count; i++)
		if (plan->artefacts[i].layout == &plan->bare)
			return true;
	return false;
}

/* The kernel leaves a read-only root before that is made; its command line has the root's hash. */
static int stage_boot(struct build *build, char **ret_result, struct error *err)
{
	const struct plan *plan = build->plan;
	char esp[UUID_SERIAL], size[32];

	find_esp(&plan->layout, esp);
	const struct boot_files files = {plan->architecture, build->options->store,
		&plan->kernel.uefi, esp, recipe_root_is_read_only(plan->recipe),
		has_bare_artefact(plan)};
	if (plan->command_line &&
		(boot_files_take(&files, build->root, &build->parts, err) ||
			(build->kernel_package &&
				kernel_registered(build->root, build->kernel_package, err))))
		return -1;
	if (root_image_make(plan, build->root, build->work.path, &build->image, err))
		return -1;
	if (!plan->command_line) {
		*ret_result = xstrdup("none");
		return 0;
	}
	if (boot_files_make(&files, build->root, build->image.command_line, &build->parts,
		    &build->boot, err))
		return -1;
	if (build->boot.program.length)
		*ret_result = xasprintf("unified kernel image, %s",
			size_format(build->boot.program.length, size, sizeof(size)));
	return 0;
}

static int place_layouts(struct build *build, int tree, struct error *err)
{
	build->layout = build->plan->layout;
	build->bare = build->plan->bare;
	if (root_image_place(&build->image, tree, &build->arena, &build->layout, err) ||
		(has_bare_artefact(build->plan) &&
			root_image_place(&build->image, tree, &build->arena, &build->bare, err)))
		return -1;
	manifest_set_disk(build->manifest, &build->layout, build->image.command_line);
	return 0;
}

static int write_artefact(
	struct build *build, const struct plan_artefact *artefact, int tree, struct error *err)
{
	cleanup_free char *path = xasprintf("%s/%s", build->options->output, artefact->name);
	cleanup(arena_release) struct arena arena = {0};
	struct plan_artefact placed = *artefact;
	struct appliance appliance;
	const struct image_contents contents = {
		.tree = tree,
		.uefi_program = &build->boot.program,
		.appliance = &appliance,
		.kernel = &build->parts.kernel,
		.initrd = &build->parts.initramfs,
		.boot_files = build->boot.files,
		.boot_file_count = build->boot.file_count,
		.root = build->image.path,
		.verity = build->image.verity,
		.base = build->base,
	};

	placed.layout = artefact->layout == &build->plan->bare ? &build->bare : &build->layout;
	if (plan_appliance(build->plan, &placed, &arena, &appliance, err))
		return -1;
	appliance.command_line = build->image.command_line;
	appliance.certificate = build->options->certificate;
	if (image_write(placed.layout, &contents, artefact->format, path, build->work.path, err))
		return -1;
	return manifest_add(build->manifest, build->options->output, artefact->name, err);
}

static int stage_image(struct build *build, char **ret_result, struct error *err)
{
	const struct plan *plan = build->plan;
	cleanup_fd int tree = open(build->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (tree < 0)
		return error_errno(err, errno, "%s", build->root);
	if (place_layouts(build, tree, err) || base_image_open(plan->recipe, &build->base, err) ||
		(build->base && manifest_set_base(build->manifest, build->base->path, err)))
		return -1;
	for (size_t i = 0; i < plan->artefact_count; i++) {
		progress_step(plan->artefacts[i].name, i, plan->artefact_count);
		if (write_artefact(build, &plan->artefacts[i], tree, err))
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
	int (*start)(struct build *build, struct error *err); /* a later stage's work, beside */
	bool makes_kernel;
} stages[] = {
	{{"fetch", "bring packages into the store, each checked by its hash"}, .run = stage_fetch,
		.makes_kernel = true},
	{{"compile", "build the kernel, or take it from the store"}, .run = stage_compile,
		.makes_kernel = true},
	{{"base", "bootstrap the root, or take it from the store"}, .run = stage_base,
		.start = start_kernel},
	{{"packages", "add the recipe's packages, or take them from the store"},
		.run = stage_packages},
	{{"kernel", "kernel, the modules its platforms need, initramfs"}, .run = stage_kernel},
	{{"configure", "host name, file systems, apt sources, accounts"}, .run = stage_configure},
	{{"overlay", "copy overlays over the root"}, .run = stage_overlay},
	{{"hook", "run hooks in the guest root"}, .run = stage_hook},
	{{"clean", "strip what the recipe goes without, and traces of the build"},
		.run = stage_clean},
	{{"boot", "a read-only root; GRUB's configuration, the unified kernel image for UEFI"},
		.run = stage_boot},
	{{"image", "write the disk images"}, .run = stage_image},
	{{"manifest", "write the manifest and SHA256SUMS"}, .run = stage_manifest},
};

const struct stage *stage_at(size_t index)
{
	return index < array_count(stages) ? &stages[index].about : NULL;
}

static int run_all(struct build *build, struct error *err)
{
	for (size_t i = 0; i < array_count(stages); i++) {
		cleanup_free char *result = NULL;
		if (build->options->only_kernel && !stages[i].makes_kernel)
			continue;
		if (interrupt_check(err))
			return -1;
		progress_begin(stages[i].about.name);
		if ((stages[i].start && stages[i].start(build, err)) ||
			stages[i].run(build, &result, err)) {
			progress_abandon();
			return error_wrap(err, "%s", stages[i].about.name);
		}
		progress_end(result);
	}
	return 0;
}

static void build_release(struct build *build)
{
	if (build->root)
		layers_tree_end(&build->layers, build->root);
	layers_release(&build->layers);
	work_directory_release(&build->work);
	manifest_free(build->manifest);
	disk_free(build->base);
	boot_parts_release(&build->parts);
	boot_made_release(&build->boot);
	root_image_release(&build->image);
	arena_release(&build->arena);
	free(build->kernel_package);
	free(build->root);
	cleanup_close_fd(&build->packages);
	cleanup_close_fd(&build->kernels);
}

int stages_run(const struct plan *plan, const struct build_options *options, struct error *err)
{
	cleanup(build_release) struct build build = {
		.plan = plan, .options = options, .packages = -1, .kernels = -1};

	if (directory_make(AT_FDCWD, options->output, err) ||
		store_hold(options->store, STORE_PACKAGES, &build.packages, err) ||
		store_hold(options->store, STORE_KERNELS, &build.kernels, err) ||
		store_work_directory(options->store, plan->name, &build.work, err))
		return -1;
	build.root = xasprintf("%s/root", build.work.path);
	build.layers = (struct layers){
		.plan = plan,
		.store = options->store,
		.work = build.work.path,
		.mode = options->mode,
		.from_nothing = options->from_nothing,
		.overlay = sandbox_can_overlay(options->mode, build.work.path),
	};
	build.compiles = options->kernel_config ||
			 plan_compiles_kernel(plan, options->store, options->from_nothing);
	build.manifest = manifest_make(plan, options->fingerprint, options->key);
	build.rootfs = (struct rootfs){
		.recipe = plan->recipe,
		.store = options->store,
		.mode = options->mode,
		.work = build.work.path,
		.epoch = plan->epoch,
		.sources_list = plan->sources_list,
	};
	return run_all(&build, err);
}
