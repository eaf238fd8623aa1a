#include "plan-packages.h"

#include <string.h>

#include "base/cleanup.h"
#include "kernel/boot-files.h"
#include "lock.h"
#include "plan-memory.h"
#include "rootfs/rootfs.h"

static bool same_package(const struct package *a, const struct package *b)
{
	return !strcmp(a->name, b->name) && !strcmp(a->sha256, b->sha256);
}

/*
 * The base layer is the base system as every recipe of the suite has it, where this recipe's
 * packages leave it as it is; else it holds everything. The rest is the packages layer.
 */
static void split_packages(struct plan *plan)
{
	struct package_list *base = &plan->layers[LAYER_BASE].packages;
	struct package_list *rest = &plan->layers[LAYER_PACKAGES].packages;
	size_t shared = 0;

	vector_for_each (package, &plan->packages) {
		if (shared < base->count && same_package(package, &base->items[shared]))
			shared++;
		else
			vector_push(rest, *package);
	}
	if (base->count && shared == base->count)
		return;
	vector_release(base);
	vector_release(rest);
	package_list_append(base, &plan->packages);
}

/* The lock's packages that are to stay as they are. */
static void hold_packages(
	struct package_index *index, const struct lock *lock, const struct words *moving)
{
	struct package_list all = lock_packages(lock), held = {0};

	vector_for_each (package, &all)
		if (!words_contain(moving, package->name))
			vector_push(&held, *package);
	package_index_hold(index, &held);
	vector_release(&all);
	vector_release(&held);
}

static void hold_kernel(struct plan *plan, const struct lock *lock, const struct words *moving)
{
	if (!lock->kernel.name || !lock_keeps(lock, plan->recipe, "kernel"))
		return;
	if (!words_contain(moving, lock->kernel.name) && !words_contain(moving, "kernel")) {
		plan->kernel.image = lock->kernel;
		plan->kernel.parts.count = 0;
		package_list_append(&plan->kernel.parts, &lock->parts);
	}
	if (!words_contain(moving, lock->busybox.name))
		plan->kernel.busybox = lock->busybox;
	if (lock->uefi.name && !words_contain(moving, lock->uefi.name))
		plan->kernel.uefi = lock->uefi;
}

static int resolve(struct package_index *index, struct package_index *tools, struct plan *plan,
	struct error *err)
{
	struct package_request request = {
		.base = base_system_find(plan->recipe->base.text),
		.arena = &plan->arena,
	};

	/* What cannot be resolved without the recipe's packages needs no layer of its own. */
	if (bootstrap_find(plan->recipe->bootstrap.text)->adds_packages &&
		package_index_resolve(index, &request, &plan->layers[LAYER_BASE].packages, err))
		error_release(err);
	request.packages = plan->recipe->packages;
	request.without = plan->recipe->without;
	request.recommends = plan->recipe->recommends;
	if (package_index_resolve(index, &request, &plan->packages, err))
		return -1;
	split_packages(plan);
	bool has_kernel = recipe_kernel_origin(&plan->recipe->kernel) != KERNEL_NONE;
	if (kernel_choose(index, tools, &plan->arena, &plan->kernel, err))
		return -1;
	return has_kernel && plan->recipe->disk.firmware & FIRMWARE_UEFI
		       ? boot_files_choose(index, &plan->arena, &plan->kernel.uefi, err)
		       : 0;
}

static int load(struct package_index *index, struct package_index *tools, struct error *err)
{
	if (package_index_load(index, err))
		return -1;
	return tools ? package_index_load(tools, err) : 0;
}

static int ask_near(struct package_index *index, struct package_index *tools, struct plan *plan,
	const struct lock *near, const struct words *moving, struct error *err)
{
	if (load(index, tools, err))
		return -1;
	hold_packages(index, near, moving);
	if (tools)
		hold_packages(tools, near, moving);
	if (resolve(index, tools, plan, err))
		return -1;
	hold_kernel(plan, near, moving);
	return 0;
}

/* The same question to the same archive has the same answer. */
static int ask(struct package_index *index, struct package_index *tools, struct plan *plan,
	const struct store *store, struct error *err)
{
	char question[HASH_TEXT];

	if (plan_question(plan, index, tools, question, err))
		return -1;
	if (plan_recall(plan, store, question))
		return 0;
	if (load(index, tools, err) || resolve(index, tools, plan, err))
		return -1;
	plan_remember(plan, store, question);
	return 0;
}

/* The same archive for this machine, where a kernel for another is built with its packages; for a
 * port the main one. */
static int open_tools(struct plan *plan, const struct store *store,
	struct package_index **ret_tools, struct error *err)
{
	const struct architecture *native = architecture_native();

	if (!kernel_is_built(&plan->kernel) || plan->architecture == native)
		return 0;
	if (!native)
		return error_set(err, STATUS_MISSING,
			"jeos does not know this machine's architecture: it cannot build a kernel "
			"here; import one with `jeos kernel import`");
	struct recipe *recipe = arena_alloc(&plan->arena, sizeof(*recipe));
	*recipe = *plan->recipe;
	recipe->architecture.text = native->name;
	if (plan->architecture->ports) /* their archive has none */
		recipe->mirror = recipe->keyring = (struct word){0};
	return package_index_open(recipe, store, ret_tools, err);
}

int plan_ask_archive(struct plan *plan, const struct lock *near, const struct words *moving,
	const struct store *store, struct error *err)
{
	cleanup_package_index struct package_index *index = NULL, *tools = NULL;
	cleanup_fd int indices = -1;

	if (store_hold(store, STORE_INDICES, &indices, err) ||
		package_index_open(plan->recipe, store, &index, err) ||
		open_tools(plan, store, &tools, err))
		return -1;
	if (near ? ask_near(index, tools, plan, near, moving, err)
		 : ask(index, tools, plan, store, err))
		return -1;
	cleanup_free char *sources = package_index_sources_list(index);
	plan->sources_list = arena_strdup(&plan->arena, sources);
	plan->epoch = package_index_date(index);
	return 0;
}

void plan_follow_lock(struct plan *plan, const struct lock *lock)
{
	bool layered = bootstrap_find(plan->recipe->bootstrap.text)->adds_packages;

	plan->lock = lock;
	package_list_append(&plan->packages, &lock->base);
	package_list_append(&plan->packages, &lock->add);
	package_list_sort(&plan->packages);
	package_list_append(
		&plan->layers[LAYER_BASE].packages, layered ? &lock->base : &plan->packages);
	if (layered)
		package_list_append(&plan->layers[LAYER_PACKAGES].packages, &lock->add);
	plan->kernel.image = lock->kernel;
	package_list_append(&plan->kernel.parts, &lock->parts);
	plan->kernel.busybox = lock->busybox;
	plan->kernel.uefi = lock->uefi;
	package_list_append(&plan->kernel.tools, &lock->tools);
	plan->sources_list = lock->sources_list;
	plan->epoch = lock->date;
}

struct package_list plan_packages(const struct plan *plan, bool kernel_build)
{
	struct package_list all = {0};

	struct package_list kernel = kernel_packages(&plan->kernel, kernel_build);

	package_list_append(&all, &plan->packages);
	package_list_merge(&all, &kernel);
	vector_release(&kernel);
	if (plan->kernel.uefi.name)
		vector_push(&all, plan->kernel.uefi);
	package_list_sort(&all);
	return all;
}
