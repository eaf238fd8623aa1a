#include <fcntl.h>

#include "base/cleanup.h"
#include "base/size.h"
#include "plan-print.h"

bool plan_compiles_kernel(const struct plan *plan, const struct store *store, bool anew)
{
	const struct plan_layer *layer = &plan->layers[LAYER_KERNEL];

	if (!kernel_is_built(&plan->kernel) || (!anew && plan_has_layer(layer, store)))
		return false;
	cleanup_free char *path = store_kernel_path(store, plan->kernel.build.key);
	return !file_exists(AT_FDCWD, path);
}

static void print_build(struct buffer *text, const struct plan *plan, const struct store *store)
{
	const struct kernel_build *build = &plan->kernel.build;
	uint64_t download = 0;
	char size[32];

	vector_for_each (tool, build->tools)
		download += tool->size;
	buffer_printf(text,
		"  built with %zu packages, %s to fetch\n"
		"  configuration %.16s, %zu lines\n"
		"  %s %s  %.16s  %s\n",
		build->tools->count, size_format(download, size, sizeof(size)), build->config_hash,
		build->asked.lines.count, KERNEL_PACKAGE_NAME, build->version, build->key,
		plan_compiles_kernel(plan, store, false) ? "to do" : "cached");
}

void plan_print_kernel(struct buffer *text, const struct plan *plan, const struct store *store)
{
	const struct recipe_kernel *asked = &plan->recipe->kernel;

	buffer_printf(text, "kernel: %s\n",
		asked->package.text ? asked->package.text : asked->config.text);
	if (!plan->kernel.image.name)
		return;
	plan_print_package(text, plan, &plan->kernel.image);
	vector_for_each (part, &plan->kernel.parts)
		plan_print_package(text, plan, part);
	plan_print_package(text, plan, &plan->kernel.busybox);
	if (plan->kernel.uefi.name)
		plan_print_package(text, plan, &plan->kernel.uefi);
	if (kernel_is_built(&plan->kernel))
		print_build(text, plan, store);
	buffer_printf(text, "command line: %s\n", plan->command_line);
}

static json_t *build_json(const struct kernel_build *build)
{
	json_t *tools = json_array();

	vector_for_each (tool, build->tools)
		json_array_append_new(tools, plan_package_json(tool));
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o}", "name", KERNEL_PACKAGE_NAME,
		"version", build->version, "architecture", build->architecture->name, "key",
		build->key, "configuration", build->config_hash, "source",
		plan_package_json(build->source), "tools", tools);
}

json_t *plan_kernel_json(const struct plan *plan)
{
	if (!plan->kernel.image.name)
		return json_null();
	if (kernel_is_built(&plan->kernel))
		return build_json(&plan->kernel.build);
	return plan_package_json(&plan->kernel.image);
}
