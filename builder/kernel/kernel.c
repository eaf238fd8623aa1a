#include "kernel.h"

#include <string.h>

#include "initramfs.h"
#include "modules.h"

/* Raised when the code comes to do something else with the same inputs. */
#define CODE_VERSION "2"

static const char *package_of(const struct architecture *architecture, const char *kernel)
{
	return strcmp(kernel, "cloud") ? architecture->generic_kernel : architecture->cloud_kernel;
}

int kernel_choose(struct package_index *index, const struct recipe_kernel *kernel,
	const struct architecture *architecture, struct arena *arena, struct kernel_plan *ret_plan,
	struct error *err)
{
	struct kernel_plan plan = {0};
	struct package newest;

	if (recipe_kernel_origin(kernel) == KERNEL_NONE) {
		*ret_plan = plan;
		return 0;
	}
	if (recipe_kernel_origin(kernel) != KERNEL_DISTRIBUTION)
		return error_at(err, kernel->config.at,
			"only kernels of the distribution can be installed; try `kernel: cloud`");
	const char *name = package_of(architecture, kernel->config.text);
	/* That package only names the newest kernel of its kind. */
	if (package_index_find(index, name, arena, &newest, err))
		return error_wrap(err, "kernel");
	const char *image = package_dependency(&newest, "linux-image-", arena);
	if (!image)
		return error_set(err, STATUS_ARCHIVE, "kernel: %s names no kernel", name);
	if (package_index_find(index, image, arena, &plan.image, err) ||
		package_index_find(index, "busybox-static", arena, &plan.busybox, err))
		return error_wrap(err, "kernel");
	*ret_plan = plan;
	return 0;
}

void kernel_version(const struct kernel_plan *plan, char ret_version[HASH_TEXT])
{
	struct hash hash;

	hash_init(&hash);
	hash_text(&hash, CODE_VERSION);
	hash_text(&hash, embedded_init_sh);
	modules_hash(plan->platforms, &hash);
	hash_finish(&hash, ret_version);
}
