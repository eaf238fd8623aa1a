#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/inside.h"
#include "base/log.h"
#include "rootfs.h"
#include "services.h"

enum { VARIABLES = 6 };

/* The environment that jeos-recipe(5) promises. Ends with NULL. */
static void describe(
	const struct rootfs *rootfs, struct arena *arena, const char *ret_environment[])
{
	const struct recipe *recipe = rootfs->recipe;

	ret_environment[0] = arena_printf(arena, "JEOS_NAME=%s", recipe->name.text);
	ret_environment[1] = arena_printf(arena, "JEOS_VERSION=%s", recipe->version.text);
	ret_environment[2] = arena_printf(arena, "JEOS_SUITE=%s", recipe->suite.text);
	ret_environment[3] = arena_printf(arena, "JEOS_ARCHITECTURE=%s", recipe->architecture.text);
	ret_environment[4] = arena_printf(arena, "JEOS_HOSTNAME=%s", recipe->hostname.text);
	ret_environment[5] = arena_printf(arena, "SOURCE_DATE_EPOCH=%" PRIu64, rootfs->epoch);
	ret_environment[VARIABLES] = NULL;
}

static int run_hook(const struct rootfs *rootfs, const struct word *hook,
	const char *const *environment, struct error *err)
{
	const struct recipe *recipe = rootfs->recipe;
	cleanup_free char *path = recipe_find(hook->at.file, "hooks", hook->text);
	cleanup_free char *name = xasprintf("hook `%s`", hook->text);

	if (!path)
		return error_at(err, hook->at, "%s: it has been removed meanwhile", name);
	cleanup_free char *inside = xasprintf("/run/jeos/%s", basename(path));
	const struct sandbox_run run = {
		.mode = rootfs->mode,
		.root = rootfs->root,
		.name = name,
		.arguments = (const char *const[]){inside, NULL},
		.environment = environment,
		.files = (const char *const[]){path, NULL},
		.network = recipe->hook_network,
		.timeout = recipe->hook_timeout,
	};
	return sandbox_run(&run, err);
}

static int run_all(const struct rootfs *rootfs, struct error *err)
{
	const struct word_list *hooks = &rootfs->recipe->hooks;
	struct arena arena = {0};
	const char *environment[VARIABLES + 1];
	int result = 0;

	describe(rootfs, &arena, environment);
	for (size_t i = 0; i < hooks->count && !result; i++) {
		progress_step(hooks->items[i].text, i, hooks->count);
		result = run_hook(rootfs, &hooks->items[i], environment, err);
	}
	arena_release(&arena);
	return result;
}

int rootfs_hooks(const struct rootfs *rootfs, struct error *err)
{
	cleanup_loans struct loans loans = {0};
	cleanup_fd int root = -1;

	if (!rootfs->recipe->hooks.count)
		return 0;
	if (inside_open_root(rootfs->root, &root, err) || services_deny(&loans, root, err))
		return -1;
	return run_all(rootfs, err);
}
