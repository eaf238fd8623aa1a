/* The plan's two views: text for people, JSON for programs and the manifest. */
#include <jansson.h>
#include <fcntl.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/size.h"
#include "layer.h"
#include "lock.h"
#include "plan-print.h"

void plan_print_package(struct buffer *text, const struct plan *plan, const struct package *package)
{
	cleanup_free char *name =
		package_full_name(package->name, package->architecture, plan->architecture->name);

	buffer_printf(text, "  %-32s %-28s %.16s  %s\n", name, package->version, package->sha256,
		package->suite);
}

static void print_packages(struct buffer *text, const struct plan *plan)
{
	uint64_t download = 0, installed = 0;
	char size[32];

	vector_for_each (package, &plan->packages) {
		download += package->size;
		installed += package->installed_size;
	}
	buffer_printf(text, "packages: %zu, %s to fetch", plan->packages.count,
		size_format(download, size, sizeof(size)));
	if (installed)
		buffer_printf(text, ", %s installed", size_format(installed, size, sizeof(size)));
	buffer_printf(
		text, "%s%s\n", plan->lock ? ", by " : "", plan->lock ? plan->lock->path : "");
	vector_for_each (package, &plan->packages)
		plan_print_package(text, plan, package);
}

bool plan_has_layer(const struct plan_layer *layer, const struct store *store)
{
	cleanup_free char *path = store_layer_path(store, layer->key);
	cleanup_free char *whole = xasprintf("%s" STORE_WHOLE, path);

	return file_exists(AT_FDCWD, path) || file_exists(AT_FDCWD, whole);
}

char *plan_layer_state(
	const struct plan *plan, const struct plan_layer *layer, const struct store *store)
{
	if (plan_has_layer(layer, store))
		return xstrdup("cached");
	cleanup_free char *changes =
		layer_changes(store, plan->recipe->name.text, layer->name, layer->inputs);
	return xasprintf("to do: %s", changes);
}

static void print_layers(struct buffer *text, const struct plan *plan, const struct store *store)
{
	buffer_text(text, "layers:\n");
	for (unsigned i = 0; i < LAYER_COUNT; i++) {
		const struct plan_layer *layer = &plan->layers[i];
		if (!layer->key)
			continue;
		cleanup_free char *state = plan_layer_state(plan, layer, store);
		buffer_printf(text, "  %-10s %.16s  %3zu packages  %s\n", layer->name, layer->key,
			layer->packages.count, state);
	}
}

char *plan_text(const struct plan *plan, const struct store *store)
{
	struct buffer text = {0};
	char date[32];
	struct tm parts;
	time_t epoch = plan->epoch;

	strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S UTC", gmtime_r(&epoch, &parts));
	buffer_printf(&text, "%s: %s %s, as of %s\n", plan->name, plan->recipe->suite.text,
		plan->architecture->name, date);
	print_packages(&text, plan);
	plan_print_kernel(&text, plan, store);
	print_layers(&text, plan, store);
	plan_print_disk(&text, plan);
	buffer_text(&text, "artefacts:\n");
	for (size_t i = 0; i < plan->artefact_count; i++)
		buffer_printf(&text, "  %s\n", plan->artefacts[i].name);
	return text.data;
}

json_t *plan_package_json(const struct package *package)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I}", "name", package->name, "version",
		package->version, "architecture", package->architecture, "suite", package->suite,
		"path", package->path, "sha256", package->sha256, "size",
		(json_int_t)package->size);
}

static json_t *layers_json(const struct plan *plan)
{
	json_t *layers = json_object();

	for (unsigned i = 0; i < LAYER_COUNT; i++)
		if (plan->layers[i].key)
			json_object_set_new(
				layers, plan->layers[i].name, json_string(plan->layers[i].key));
	return layers;
}

json_t *plan_json(const struct plan *plan)
{
	json_t *packages = json_array(), *runs_on = json_array(), *artefacts = json_array();
	const struct recipe *recipe = plan->recipe;

	vector_for_each (package, &plan->packages)
		json_array_append_new(packages, plan_package_json(package));
	for (size_t i = 0; plan->platforms[i]; i++)
		json_array_append_new(runs_on, json_string(plan->platforms[i]->name));
	for (size_t i = 0; i < plan->artefact_count; i++)
		json_array_append_new(artefacts, json_string(plan->artefacts[i].name));
	json_t *uefi = plan->kernel.uefi.name ? plan_package_json(&plan->kernel.uefi) : NULL;
	return json_pack(
		"{s:s, s:s, s:s*, s:s, s:s, s:I, s:o, s:o, s:o, s:o, s:o*, s:s*, s:o, s:o, s:s*}",
		"name", recipe->name.text, "version", recipe->version.text, "summary",
		recipe->summary.text, "suite", recipe->suite.text, "architecture",
		plan->architecture->name, "date", (json_int_t)plan->epoch, "layers",
		layers_json(plan), "platforms", runs_on, "packages", packages, "kernel",
		plan_kernel_json(plan), "uefi", uefi, "command_line", plan->command_line, "disk",
		plan_layout_json(&plan->layout), "artefacts", artefacts, "base",
		plan->recipe->disk.base.text);
}
