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

/* What was locked before; NULL: nothing, or what cannot be read but need not be either. */
static int read_old(const struct request *request, const struct recipe *recipe, const char *path,
	struct lock **ret_lock, struct error *err)
{
	bool anew = argument_value(request->arguments, "update") && !request->moving.count;

	*ret_lock = NULL;
	if (file_exists(AT_FDCWD, path)) {
		if (!lock_read(path, ret_lock, err))
			return 0;
		if (!anew)
			return -1;
		error_release(err);
	}
	if (request->moving.count)
		return error_set(err, STATUS_RECIPE, "%s: no lock to update; run `jeos lock %s`",
			path, recipe->path);
	return 0;
}

/* Whether the old lock's versions are to be kept. */
static bool is_near(
	const struct request *request, const struct recipe *recipe, const struct lock *old)
{
	if (!old || (argument_value(request->arguments, "update") && !request->moving.count))
		return false;
	return lock_keeps(old, recipe, "suite") && lock_keeps(old, recipe, "architecture");
}

static bool has_package(const struct package_list *packages, const char *name)
{
	vector_for_each (package, packages)
		if (!strcmp(package->name, name))
			return true;
	return false;
}

static int check_moving(
	const struct request *request, const char *path, const struct lock *old, struct error *err)
{
	struct package_list packages = {0};
	int result = 0;

	if (old)
		packages = lock_packages(old);
	vector_for_each (name, &request->moving)
		if (!result && strcmp(*name, "kernel") && !has_package(&packages, *name))
			result = error_set(
				err, STATUS_USAGE, "%s: the lock has no package `%s`", path, *name);
	vector_release(&packages);
	return result;
}

/* NULL: there is none. */
static const struct package *package_at(const struct package_list *packages, size_t index)
{
	return index < packages->count ? &packages->items[index] : NULL;
}

/* By name; of one name, foreign architectures by theirs. */
static int compare(const struct package *from, const struct package *to, const char *native)
{
	cleanup_free char *before = package_full_name(from->name, from->architecture, native);
	cleanup_free char *after = package_full_name(to->name, to->architecture, native);
	int order = strcmp(from->name, to->name);

	if (order || !strcmp(before, after))
		return order;
	return strcmp(from->architecture, to->architecture);
}

static void add_change(
	json_t *changes, const char *native, const struct package *from, const struct package *to)
{
	const struct package *either = from ? from : to;
	cleanup_free char *name = package_full_name(either->name, either->architecture, native);

	json_array_append_new(
		changes, json_pack("{s:s, s:s?, s:s?}", "name", name, "from",
				 from ? from->version : NULL, "to", to ? to->version : NULL));
}

/* What only one of them has, or in another version. */
static json_t *list_changes(const struct lock *old, const struct plan *plan)
{
	struct package_list then = lock_packages(old), now = plan_packages(plan, true);
	const struct package *from = package_at(&then, 0), *to = package_at(&now, 0);
	const char *native = plan->architecture->name;
	json_t *changes = json_array();

	for (size_t i = 0, j = 0; from || to;
		from = package_at(&then, i), to = package_at(&now, j)) {
		int order = !from ? 1 : !to ? -1 : compare(from, to, native);
		if (order < 0)
			add_change(changes, native, from, NULL);
		else if (order > 0)
			add_change(changes, native, NULL, to);
		else if (strcmp(from->version, to->version))
			add_change(changes, native, from, to);
		i += order <= 0;
		j += order >= 0;
	}
	vector_release(&then);
	vector_release(&now);
	return changes;
}

/* "web 1.0 -> 2.0"; a dash where there is none. */
static void print_changes(const json_t *changes)
{
	size_t index;
	json_t *change;

	json_array_foreach(changes, index, change)
	{
		const char *from = json_string_value(json_object_get(change, "from"));
		const char *to = json_string_value(json_object_get(change, "to"));
		printf("%-32s %s -> %s\n", json_string_value(json_object_get(change, "name")),
			from ? from : "-", to ? to : "-");
	}
}

static void print_result(const struct request *request, const char *path, const struct lock *old,
	const struct plan *plan)
{
	json_t *changes = old ? list_changes(old, plan) : json_array();

	if (request->arguments->json) {
		json_t *object = json_pack("{s:s, s:I, s:O}", "lock", path, "packages",
			(json_int_t)plan->packages.count, "changes", changes);
		cleanup_free char *line = json_dumps(object, JSON_COMPACT);
		json_decref(object);
		puts(line);
	} else {
		print_changes(changes);
		printf("%s: %zu packages\n", path, plan->packages.count);
	}
	json_decref(changes);
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
	if (read_old(request, recipe, path, &old, err) || check_moving(request, path, old, err) ||
		plan_make_near(recipe, is_near(request, recipe, old) ? old : NULL, &request->moving,
			&request->store, &plan, err))
		return -1;
	cleanup_free char *text = lock_text(plan);
	if (file_replace(path, text, strlen(text), err))
		return -1;
	print_result(request, path, old, plan);
	return 0;
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
