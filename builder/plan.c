#include "plan.h"

#include <string.h>
#include <sys/stat.h>

#include "base-image.h"
#include "base/cleanup.h"
#include "base/hash.h"
#include "image/format.h"
#include "kernel/command-line.h"
#include "layer.h"
#include "plan-appliance.h"
#include "plan-packages.h"
#include "recipe/disk-layout.h"
#include "rootfs/debconf.h"
#include "rootfs/rootfs.h"
#include "rootfs/strip.h"

static int choose_platforms(const struct recipe *recipe, struct plan *plan, struct error *err)
{
	size_t count = recipe->platforms.count;

	plan->platforms = arena_alloc(&plan->arena, (count + 1) * sizeof(*plan->platforms));
	for (size_t i = 0; i < count; i++) {
		plan->platforms[i] = platform_find(recipe->platforms.items[i].text);
		if (!plan->platforms[i])
			return error_at(err, recipe->platforms.items[i].at, "unknown platform `%s`",
				recipe->platforms.items[i].text);
	}
	return 0;
}

static void add_packages(struct layer_inputs *inputs, const struct package_list *packages,
	const struct architecture *architecture)
{
	vector_for_each (package, packages) {
		cleanup_free char *full =
			package_full_name(package->name, package->architecture, architecture->name);
		cleanup_free char *name = xasprintf(LAYER_PACKAGE "%s", full);
		cleanup_free char *value = xasprintf("%s %s", package->version, package->sha256);
		layer_inputs_add(inputs, name, value);
	}
}

/* Names a layer after its inputs. */
static void name_layer(struct plan *plan, unsigned index, struct layer_inputs *inputs)
{
	struct plan_layer *layer = &plan->layers[index];
	char key[HASH_TEXT];

	add_packages(inputs, &layer->packages, plan->architecture);
	hash_finish(&inputs->hash, key);
	layer->key = arena_strdup(&plan->arena, key);
	layer->inputs = steal_pointer(&inputs->named);
}

/* An input that is long, or that nobody is to read. */
static void add_hash(struct layer_inputs *inputs, const char *name, const char *value)
{
	char text[HASH_TEXT];
	struct hash hash;

	hash_init(&hash);
	hash_text(&hash, value);
	hash_finish(&hash, text);
	layer_inputs_add(inputs, name, text);
}

/* Layers above it have the answers of debconf from the base: its key stands for them. */
static void name_base(struct plan *plan)
{
	const struct bootstrap *bootstrap = bootstrap_find(plan->recipe->bootstrap.text);
	cleanup_free char *rules = strip_dpkg_rules(plan->recipe);
	cleanup_free char *answers = debconf_answers(plan->recipe);
	struct layer_inputs inputs;

	layer_inputs_init(&inputs);
	layer_inputs_add(&inputs, "bootstrap", bootstrap->name);
	layer_inputs_add(&inputs, "bootstrap version", bootstrap->version);
	layer_inputs_add(&inputs, "layer version", LAYER_VERSION);
	layer_inputs_add(&inputs, "suite", plan->recipe->suite.text);
	layer_inputs_add(&inputs, "architecture", plan->architecture->name);
	add_hash(&inputs, "strip rules", rules);
	add_hash(&inputs, "debconf answers", answers);
	name_layer(plan, LAYER_BASE, &inputs);
}

static void name_kernel(struct plan *plan)
{
	struct package_list packages = kernel_packages(&plan->kernel, false);
	cleanup_buffer struct buffer names = {0};
	char version[HASH_TEXT];
	struct layer_inputs inputs;

	for (size_t i = 0; plan->platforms[i]; i++)
		buffer_printf(&names, "%s%s", i ? " " : "", plan->platforms[i]->name);
	layer_inputs_init(&inputs);
	kernel_version(&plan->kernel, version);
	layer_inputs_add(&inputs, "layer version", LAYER_VERSION);
	layer_inputs_add(&inputs, "kernel version", version);
	layer_inputs_add(&inputs, "all modules", plan->kernel.all_modules ? "yes" : "no");
	layer_inputs_add(&inputs, "platforms", names.data);
	if (kernel_is_built(&plan->kernel))
		layer_inputs_add(&inputs, "kernel build", plan->kernel.build.key);
	add_packages(&inputs, &packages, plan->architecture);
	name_layer(plan, LAYER_KERNEL, &inputs);
	vector_release(&packages);
}

static void name_layers(struct plan *plan)
{
	static const char *const names[] = {"kernel", "base", "packages"};
	struct layer_inputs inputs;

	for (unsigned i = 0; i < LAYER_COUNT; i++)
		plan->layers[i].name = names[i];
	if (plan->kernel.image.name)
		name_kernel(plan);
	name_base(plan);
	if (plan->layers[LAYER_PACKAGES].packages.count) {
		layer_inputs_init(&inputs);
		layer_inputs_add(&inputs, "base layer", plan->layers[LAYER_BASE].key);
		name_layer(plan, LAYER_PACKAGES, &inputs);
	}
}

static const char *seed(struct plan *plan)
{
	char text[HASH_TEXT];
	struct hash hash;

	hash_init(&hash);
	hash_text(&hash, plan->name);
	for (unsigned i = 0; i < LAYER_COUNT; i++)
		hash_text(&hash, plan->layers[i].key);
	hash_finish(&hash, text);
	return arena_strdup(&plan->arena, text);
}

static void write_command_line(struct plan *plan)
{
	if (!plan->kernel.image.name)
		return;
	cleanup_free char *line = kernel_command_line(
		plan->recipe, plan->architecture, plan->kernel.platforms, &plan->layout);
	plan->command_line = arena_strdup(&plan->arena, line);
}

static int lay_out(struct plan *plan, bool bare, struct image_layout *layout, struct error *err)
{
	const struct recipe_disk *disk = &plan->recipe->disk;

	if (recipe_layout(plan->recipe, bare, plan->seed, &plan->arena, layout, err))
		return -1;
	layout->epoch = plan->epoch;
	layout->compression = compression_find(disk->compression.text);
	layout->compression_level = disk->compression_level;
	layout->cluster_size = disk->cluster_size;
	layout->grub_bios = plan->architecture->grub_bios;
	layout->uefi_file = plan->architecture->uefi_file;
	return 0;
}

static void add_artefact(struct plan *plan, const char *name)
{
	struct format format;

	for (size_t i = 0; i < plan->artefact_count; i++)
		if (!strcmp(plan->artefacts[i].format, name))
			return;
	if (format_find(name, &format))
		plan->artefacts[plan->artefact_count++] = (struct plan_artefact){
			.format = format.name,
			.layout = format.filesystem ? &plan->bare : &plan->layout,
			.name = arena_printf(&plan->arena, "%s.%s", plan->name, format.suffix),
		};
}

static void name_artefacts(struct plan *plan)
{
	const struct word_list *formats = &plan->recipe->disk.formats;
	size_t most = formats->count;

	for (size_t i = 0; plan->platforms[i]; i++)
		for (const char *const *format = plan->platforms[i]->formats; *format; format++)
			most++;
	plan->artefacts = arena_alloc(&plan->arena, most * sizeof(*plan->artefacts));
	vector_for_each (format, formats)
		add_artefact(plan, format->text);
	for (size_t i = 0; !formats->count && plan->platforms[i]; i++)
		for (const char *const *format = plan->platforms[i]->formats; *format; format++)
			add_artefact(plan, *format);
}

char *plan_name(const struct recipe *recipe)
{
	return xasprintf(
		"%s-%s-%s", recipe->name.text, recipe->version.text, recipe->architecture.text);
}

static int begin(struct plan *plan, const struct recipe *recipe, struct error *err)
{
	cleanup_free char *name = plan_name(recipe);

	plan->recipe = recipe;
	plan->name = arena_strdup(&plan->arena, name);
	plan->architecture = architecture_find(recipe->architecture.text);
	if (choose_platforms(recipe, plan, err))
		return -1;
	plan->kernel.recipe = recipe;
	plan->kernel.architecture = plan->architecture;
	plan->kernel.platforms = (const struct platform *const *)plan->platforms;
	plan->kernel.all_modules = !strip_applies(strip_find(STRIP_KERNEL_MODULES), recipe);
	return 0;
}

/* Answers need somebody who asks. */
static int check_debconf(const struct plan *plan, struct error *err)
{
	const struct word_list *answers = &plan->recipe->debconf;

	vector_for_each (package, &plan->packages)
		if (!strcmp(package->name, "debconf"))
			return 0;
	return answers->count ? error_at(err, answers->items[0].at,
					"`debconf` has answers, but no package brings debconf; "
					"add it to `packages`")
			      : 0;
}

/* What follows from the packages. */
static int complete(struct plan *plan, struct error *err)
{
	if (check_debconf(plan, err) || kernel_complete(&plan->kernel, &plan->arena, err))
		return -1;
	name_layers(plan);
	plan->seed = seed(plan);
	if (lay_out(plan, false, &plan->layout, err) || lay_out(plan, true, &plan->bare, err))
		return -1;
	write_command_line(plan);
	name_artefacts(plan);
	return plan_check_bundles(plan, err) || base_image_check(plan, err) ? -1 : 0;
}

int plan_make(const struct recipe *recipe, const struct lock *lock, const struct store *store,
	struct plan **ret_plan, struct error *err)
{
	cleanup_plan struct plan *plan = xcalloc(1, sizeof(*plan));

	if (begin(plan, recipe, err))
		return -1;
	if (lock)
		plan_follow_lock(plan, lock);
	else if (plan_ask_archive(plan, NULL, NULL, store, err))
		return -1;
	if (complete(plan, err))
		return -1;
	*ret_plan = steal_pointer(&plan);
	return 0;
}

int plan_make_near(const struct recipe *recipe, const struct lock *lock, const struct words *moving,
	const struct store *store, struct plan **ret_plan, struct error *err)
{
	cleanup_plan struct plan *plan = xcalloc(1, sizeof(*plan));

	if (begin(plan, recipe, err) || plan_ask_archive(plan, lock, moving, store, err) ||
		complete(plan, err))
		return -1;
	*ret_plan = steal_pointer(&plan);
	return 0;
}

static void plan_layer_release(struct plan_layer *layer)
{
	vector_release(&layer->packages);
	json_decref(layer->inputs);
}

void plan_free(struct plan *plan)
{
	if (!plan)
		return;
	for (unsigned i = 0; i < LAYER_COUNT; i++)
		plan_layer_release(&plan->layers[i]);
	vector_release(&plan->packages);
	kernel_plan_release(&plan->kernel);
	arena_release(&plan->arena);
	free(plan);
}

void plan_cleanup(struct plan **plan)
{
	plan_free(*plan);
}
