#include <fcntl.h>
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "command.h"
#include "lock.h"

/* Everything that is asked for on the command line, for one recipe after another. */
struct request {
	const struct arguments *arguments;
	struct words recipes, moving; /* the operands */
	struct store store;
};

static bool is_recipe(const char *operand)
{
	return text_ends(operand, ".yaml") || text_ends(operand, ".yml");
}

/* The lock whose versions are kept; NULL when everything is resolved anew. */
static int read_old(const struct request *request, const struct recipe *recipe, const char *path,
	struct lock **ret_lock, struct error *err)
{
	bool update = argument_value(request->arguments, "update");
	cleanup_lock struct lock *lock = NULL;

	*ret_lock = NULL;
	if (update && !request->moving.count)
		return 0;
	if (!file_exists(AT_FDCWD, path))
		return request->moving.count ? error_set(err, STATUS_RECIPE,
						       "%s: no lock to update; run `jeos lock %s`",
						       path, recipe->path)
					     : 0;
	if (lock_read(path, &lock, err))
		return -1;
	if (lock_keeps(lock, recipe, "suite") && lock_keeps(lock, recipe, "architecture"))
		*ret_lock = steal_pointer(&lock);
	return 0;
}

/* A package that is locked, under whichever role; NULL: it is not. */
static const struct package *find(const struct lock *lock, const char *name)
{
	const struct package_list *lists[] = {&lock->base, &lock->add};
	const struct package *singles[] = {&lock->kernel, &lock->busybox};

	for (size_t i = 0; i < array_count(lists); i++)
		vector_for_each (package, lists[i])
			if (!strcmp(package->name, name))
				return package;
	for (size_t i = 0; i < array_count(singles); i++)
		if (text_equal(singles[i]->name, name))
			return singles[i];
	return NULL;
}

static int check_moving(const struct request *request, const struct lock *old, struct error *err)
{
	vector_for_each (name, &request->moving)
		if (old && strcmp(*name, "kernel") && !find(old, *name))
			return error_set(err, STATUS_USAGE, "%s: the lock has no package `%s`",
				old->path, *name);
	return 0;
}

static int write_lock(
	const struct request *request, const struct plan *plan, const char *path, struct error *err)
{
	cleanup_free char *text = lock_text(plan);

	if (file_replace(path, text, strlen(text), err))
		return -1;
	if (!request->arguments->json) {
		printf("%s: %zu packages\n", path, plan->packages.count);
		return 0;
	}
	json_t *object =
		json_pack("{s:s, s:I}", "lock", path, "packages", (json_int_t)plan->packages.count);
	cleanup_free char *line = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	puts(line);
	return 0;
}

static int lock_one(const struct request *request, const char *recipe_path, struct error *err)
{
	const char *output = argument_value(request->arguments, "output");
	cleanup_recipe struct recipe *recipe = NULL;
	cleanup_lock struct lock *old = NULL;
	cleanup_plan struct plan *plan = NULL;

	if (recipe_load(recipe_path, &recipe, err))
		return -1;
	cleanup_free char *beside = lock_path(recipe);
	const char *path = output ? output : beside;
	if (read_old(request, recipe, path, &old, err) || check_moving(request, old, err) ||
		plan_make_near(recipe, old, &request->moving, &request->store, &plan, err))
		return -1;
	return write_lock(request, plan, path, err);
}

static int lock_all(struct request *request, struct error *err)
{
	const struct words *operands = &request->arguments->operands;

	for (size_t i = 0; i < operands->count; i++) {
		const char *operand = operands->items[i];
		vector_push(is_recipe(operand) ? &request->recipes : &request->moving, operand);
	}
	if (!request->recipes.count)
		return error_set(err, STATUS_USAGE, "lock: RECIPE is missing");
	if (request->moving.count && !argument_value(request->arguments, "update"))
		return error_set(err, STATUS_USAGE,
			"%s: no recipe, for its name does not end in .yaml; "
			"to update the package, use --update",
			request->moving.items[0]);
	if (request->recipes.count > 1 && argument_value(request->arguments, "output"))
		return error_set(err, STATUS_USAGE, "--output: there is more than one recipe");
	vector_for_each (recipe, &request->recipes)
		if (lock_one(request, *recipe, err))
			return -1;
	return 0;
}

static void request_release(struct request *request)
{
	vector_release(&request->recipes);
	vector_release(&request->moving);
	store_release(&request->store);
}

static int run(const struct arguments *arguments, struct error *err)
{
	cleanup(request_release) struct request request = {.arguments = arguments};

	if (store_open(arguments->store, &request.store, err))
		return -1;
	request.store.offline = arguments->offline;
	return lock_all(&request, err);
}

static const struct command_option options[] = {
	{"update", 'u', NULL, "take the newest versions: of all packages, or of those named"},
	{"output", 'o', "FILE", "write FILE, not NAME.lock beside the recipe"},
	{0},
};

const struct command command_lock = {
	.name = "lock",
	.summary = "write down every package of a recipe, so that builds stay the same",
	.operands = "RECIPE... [PACKAGE...]",
	.operands_min = 1,
	.operands_max = SIZE_MAX,
	.options = options,
	.help = "Writes NAME.lock beside the recipe. From then on `jeos build` installs just what "
		"it\n"
		"names, and needs no archive when the store has it all. Where there is a lock "
		"already,\nits versions stay as far as the recipe and the archive allow; --update "
		"takes the newest,\nof everything or of the packages named and what they need "
		"(`kernel` is the kernel).",
	.run = run,
};
