#include "kernel.h"

#include <string.h>

#include "initramfs.h"
#include "kernel/ask.h"
#include "kernel/given.h"
#include "kernel/needs.h"
#include "kernel/tools.h"
#include "modules.h"

/* Raised when the code comes to do something else with the same inputs. */
#define CODE_VERSION "4"

void kernel_plan_release(struct kernel_plan *plan)
{
	vector_release(&plan->parts);
	vector_release(&plan->tools);
	kernel_build_release(&plan->build);
}

bool kernel_is_built(const struct kernel_plan *plan)
{
	return recipe_kernel_origin(&plan->recipe->kernel) == KERNEL_BUILT;
}

int kernel_require_built(const struct kernel_plan *plan, struct error *err)
{
	if (kernel_is_built(plan))
		return 0;
	return error_at(err, plan->recipe->kernel.config.at,
		"the kernel of this recipe is not built here; that takes `kernel: guest`");
}

/* A package that only names the newest of its kind. */
static int follow(struct package_index *index, const char *name, const char *prefix,
	struct arena *arena, struct package *ret_package, struct error *err)
{
	struct package newest;

	if (package_index_find(index, name, arena, &newest, err))
		return -1;
	const char *dependency = package_dependency(&newest, prefix, arena);
	if (!dependency)
		return error_set(err, STATUS_ARCHIVE, "%s names no %s...", name, prefix);
	return package_index_find(index, dependency, arena, ret_package, err);
}

/* The packages that have a part of the image's kernel: Ubuntu's modules; in Debian's suites after
 * trixie also the image itself, and the configuration with the indices of modules. */
static int find_parts(struct package_index *index, struct arena *arena, struct kernel_plan *plan,
	struct error *err)
{
	static const char *const prefixes[] = {"linux-base-", "linux-binary-", "linux-modules-"};

	for (size_t i = 0; i < array_count(prefixes); i++) {
		const char *name = package_dependency(&plan->image, prefixes[i], arena);
		struct package part;
		if (!name)
			continue;
		if (package_index_find(index, name, arena, &part, err))
			return -1;
		vector_push(&plan->parts, part);
	}
	return 0;
}

/* Debian's kernel, by its name there, else Ubuntu's. */
static int choose_distribution(struct package_index *index, bool cloud, struct arena *arena,
	struct kernel_plan *plan, struct error *err)
{
	const struct architecture *architecture = plan->architecture;
	const char *debian = cloud ? architecture->cloud_kernel : architecture->generic_kernel;
	const char *ubuntu = cloud ? "linux-image-virtual" : "linux-image-generic";
	cleanup(error_release) struct error other = {0};

	if (follow(index, debian, "linux-image-", arena, &plan->image, err)) {
		if (follow(index, ubuntu, "linux-image-", arena, &plan->image, &other))
			return -1;
		error_release(err);
	}
	return find_parts(index, arena, plan, err);
}

static int choose(struct package_index *index, struct package_index *tools, struct arena *arena,
	struct kernel_plan *plan, struct error *err)
{
	switch (recipe_kernel_origin(&plan->recipe->kernel)) {
	case KERNEL_NONE:
	case KERNEL_PACKAGE:
		return 0;
	case KERNEL_DISTRIBUTION:
		return choose_distribution(index,
			text_equal(plan->recipe->kernel.config.text, "cloud"), arena, plan, err);
	case KERNEL_BUILT:
		if (follow(tools, "linux-source", "linux-source-", arena, &plan->image, err))
			return -1;
		return kernel_tools_choose(tools, plan->architecture, arena, &plan->tools, err);
	}
	abort();
}

int kernel_choose(struct package_index *index, struct package_index *tools, struct arena *arena,
	struct kernel_plan *plan, struct error *err)
{
	if (choose(index, tools ? tools : index, arena, plan, err))
		return error_wrap(err, "kernel");
	if (recipe_kernel_origin(&plan->recipe->kernel) == KERNEL_NONE)
		return 0;
	if (package_index_find(index, "busybox-static", arena, &plan->busybox, err))
		return error_wrap(err, "kernel");
	return 0;
}

int kernel_complete(struct kernel_plan *plan, struct arena *arena, struct error *err)
{
	switch (recipe_kernel_origin(&plan->recipe->kernel)) {
	case KERNEL_NONE:
	case KERNEL_DISTRIBUTION:
		return 0;
	case KERNEL_PACKAGE:
		return kernel_given(&plan->recipe->kernel.package, plan->architecture, arena,
			&plan->image, err);
	case KERNEL_BUILT:
		plan->build.architecture = plan->architecture;
		plan->build.source = &plan->image;
		plan->build.tools = &plan->tools;
		if (kernel_ask(plan->recipe, plan->platforms, &plan->build, arena, err))
			return -1;
		kernel_build_name(&plan->build, arena);
		return 0;
	}
	abort();
}

struct package_list kernel_packages(const struct kernel_plan *plan, bool build)
{
	bool built = kernel_is_built(plan);
	struct package_list all = {0};

	if (!plan->image.name)
		return all;
	vector_push(&all, plan->busybox);
	if (build || !built)
		vector_push(&all, plan->image);
	package_list_append(&all, &plan->parts);
	if (build)
		package_list_append(&all, &plan->tools);
	package_list_sort(&all);
	return all;
}

static void hash_needed(const struct recipe *recipe, struct hash *hash)
{
	struct arena arena = {0};

	for (const char *const *name = kernel_needed_modules(recipe, &arena); *name; name++)
		hash_text(hash, *name);
	arena_release(&arena);
}

void kernel_version(const struct kernel_plan *plan, char ret_version[HASH_TEXT])
{
	struct hash hash;

	hash_init(&hash);
	hash_text(&hash, CODE_VERSION);
	hash_text(&hash, embedded_init_sh);
	modules_hash(plan->platforms, &hash);
	hash_needed(plan->recipe, &hash);
	hash_finish(&hash, ret_version);
}
