#include "kernel-look.h"

#include <fcntl.h>

#include "kernel/kernel.h"
#include "lock.h"
#include "store/store.h"

static int not_stored(struct error *err)
{
	error_release(err);
	return error_set(err, STATUS_ARCHIVE, "it is not in the store; `jeos build` fetches it");
}

/* The package that a build would take: the archive's newest, as the store knows the archive. */
static int choose(
	struct kernel_plan *plan, const struct store *store, struct arena *arena, struct error *err)
{
	cleanup_package_index struct package_index *index = NULL;
	cleanup_fd int indices = -1;

	if (store_hold(store, STORE_INDICES, &indices, err))
		return -1;
	if (package_index_open(plan->recipe, store, &index, err))
		return err->status == STATUS_ARCHIVE ? not_stored(err) : -1;
	return package_index_load(index, err) ? -1 : kernel_choose(index, NULL, arena, plan, err);
}

static int look_stored(
	struct kernel_plan *plan, const char *store_path, struct arena *arena, struct error *err)
{
	cleanup_lock struct lock *lock = NULL;
	cleanup_store struct store store = {0};
	cleanup_config struct kernel_config config = {0};
	cleanup_kernel_debs struct kernel_debs debs = {0};
	cleanup_fd int packages = -1;

	/* One that no longer fits is the build's to refuse. */
	if (lock_open(plan->recipe, &lock, err))
		error_release(err);
	if (store_open(store_path, &store, err) ||
		store_hold(&store, STORE_PACKAGES, &packages, err))
		return -1;
	store.offline = true;
	if (lock) {
		plan->image = lock->kernel;
		package_list_append(&plan->parts, &lock->parts);
	} else if (choose(plan, &store, arena, err)) {
		return -1;
	}
	kernel_debs_find(plan, &store, &debs);
	vector_for_each (deb, &debs)
		if (!file_exists(AT_FDCWD, deb->path))
			return not_stored(err);
	return kernel_check_package(plan, &debs, &config, err);
}

static int look_given(struct kernel_plan *plan, struct arena *arena, struct error *err)
{
	cleanup_config struct kernel_config config = {0};
	struct kernel_deb deb = {&plan->image, (char *)plan->recipe->kernel.package.text};
	const struct kernel_debs debs = {&deb, 1, 1};

	return kernel_complete(plan, arena, err) ? -1
						 : kernel_check_package(plan, &debs, &config, err);
}

int kernel_look(const struct recipe *recipe, const char *store_path, struct error *err)
{
	struct arena arena = {0};
	struct kernel_plan plan = {
		.recipe = recipe,
		.architecture = architecture_find(recipe->architecture.text),
		.platforms = platforms_of(recipe, &arena),
	};
	int result = 0;

	switch (recipe_kernel_origin(&recipe->kernel)) {
	case KERNEL_NONE:
	case KERNEL_BUILT:
		break;
	case KERNEL_DISTRIBUTION:
		result = look_stored(&plan, store_path, &arena, err);
		break;
	case KERNEL_PACKAGE:
		result = look_given(&plan, &arena, err);
		break;
	}
	kernel_plan_release(&plan);
	arena_release(&arena);
	return result;
}
