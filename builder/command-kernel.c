#include <fcntl.h>
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/size.h"
#include "build.h"
#include "inputs.h"
#include "kernel/stored.h"
#include "plan.h"

/* What is asked for, and the store it is asked of. */
struct request {
	const struct arguments *arguments;
	struct words operands; /* behind the verb; borrowed */
	struct store store;
};

static json_t *kernel_json(const struct stored_kernel *kernel, uint64_t size)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:I}", "key", kernel->key, "version",
		kernel->version, "architecture", kernel->architecture, "summary", kernel->summary,
		"size", (json_int_t)size);
}

static int print_kernel(const struct request *request, const char *key, struct error *err)
{
	cleanup_free char *path = store_kernel_path(&request->store, key);
	cleanup_stored_kernel struct stored_kernel kernel = {0};
	struct stat status = {0};
	char size[32];

	if (stored_kernel_read(path, &kernel, err))
		return -1;
	stat(path, &status);
	if (request->arguments->json) {
		json_t *object = kernel_json(&kernel, status.st_size);
		cleanup_free char *line = json_dumps(object, JSON_COMPACT);
		json_decref(object);
		if (!line)
			return error_set(err, STATUS_ARCHIVE,
				"%s: its description is no UTF-8, which JSON needs", path);
		puts(line);
		return 0;
	}
	printf("%.16s  %-32s %-8s %10s  %s\n", kernel.key, kernel.version, kernel.architecture,
		size_format(status.st_size, size, sizeof(size)), kernel.summary);
	return 0;
}

static int list(const struct request *request, struct error *err)
{
	struct arena arena = {0};
	struct words keys = {0};
	int result = stored_kernels(&request->store, &arena, &keys, err);

	if (!result && request->operands.count)
		result = error_set(err, STATUS_USAGE, "kernel list: it takes no operand");
	vector_for_each (key, &keys)
		if (!result)
			result = print_kernel(request, *key, err);
	vector_release(&keys);
	arena_release(&arena);
	return result;
}

/* The one key that begins so. */
static int find_key(const struct store *store, const char *begin, struct arena *arena,
	const char **ret_key, struct error *err)
{
	struct words keys = {0};
	const char *found = NULL;
	size_t count = 0;

	if (stored_kernels(store, arena, &keys, err))
		return -1;
	vector_for_each (key, &keys)
		if (text_starts(*key, begin)) {
			found = *key;
			count++;
		}
	vector_release(&keys);
	if (count != 1)
		return error_set(err, STATUS_USAGE,
			"%s: %s kernel in the store has a key that begins so; "
			"`jeos kernel list` shows them",
			begin, count ? "more than one" : "no");
	*ret_key = found;
	return 0;
}

static int find_of_recipe(const struct request *request, const char *path, struct arena *arena,
	const char **ret_key, struct error *err)
{
	cleanup_inputs struct inputs inputs = {0};
	cleanup_plan struct plan *plan = NULL;

	if (inputs_open(request->arguments, path, &inputs, err) ||
		plan_make(inputs.recipe, inputs.lock, &inputs.store, &plan, err) ||
		kernel_require_built(&plan->kernel, err))
		return -1;
	cleanup_free char *kernel = store_kernel_path(&request->store, plan->kernel.build.key);
	if (!file_exists(AT_FDCWD, kernel))
		return error_set(err, STATUS_FAILED,
			"%s: its kernel is not in the store; run `jeos kernel build %s` first",
			path, path);
	*ret_key = arena_strdup(arena, plan->kernel.build.key);
	return 0;
}

/* What a build would do for its kernel, and no more; with `config` not even that. */
static int make(const struct request *request, const char *path, bool config, struct error *err)
{
	const char *output = argument_value(request->arguments, "output");
	cleanup_inputs struct inputs inputs = {0};

	if (inputs_open(request->arguments, path, &inputs, err))
		return -1;
	cleanup_free char *name = plan_name(inputs.recipe);
	cleanup_free char *usual = xasprintf("%s.config", name);
	const struct build_order order = {.recipe = inputs.recipe,
		.lock = inputs.lock,
		.store = &inputs.store,
		.output = ".",
		.kernel_config = !config  ? NULL
				 : output ? output
					  : usual};
	return build_kernel(&order, err) ? error_wrap(err, "%s", path) : 0;
}

static int build(const struct request *request, struct error *err)
{
	if (!request->operands.count)
		return error_set(err, STATUS_USAGE, "kernel build: RECIPE is missing");
	vector_for_each (path, &request->operands)
		if (make(request, *path, false, err))
			return -1;
	return 0;
}

static int configure(const struct request *request, struct error *err)
{
	if (!request->operands.count)
		return error_set(err, STATUS_USAGE, "kernel configure: RECIPE is missing");
	if (request->operands.count > 1 && argument_value(request->arguments, "output"))
		return error_set(err, STATUS_USAGE, "--output: there is more than one kernel");
	vector_for_each (path, &request->operands)
		if (make(request, *path, true, err))
			return -1;
	return 0;
}

static int copy(const char *from, const char *to, struct error *err)
{
	enum { MOST = 2047 * MIB };
	cleanup_buffer struct buffer content = {0};

	if (file_read(AT_FDCWD, from, MOST, &content, err))
		return -1;
	return file_replace(to, content.data, content.length, err);
}

static int export_key(const struct request *request, const char *key, struct error *err)
{
	cleanup_free char *path = store_kernel_path(&request->store, key);
	cleanup_stored_kernel struct stored_kernel kernel = {0};

	if (stored_kernel_read(path, &kernel, err) || stored_kernel_verify(path, err))
		return -1;
	cleanup_free char *usual =
		xasprintf(KERNEL_PACKAGE_NAME "_%s_%s.deb", kernel.version, kernel.architecture);
	const char *output = argument_value(request->arguments, "output");
	if (copy(path, output ? output : usual, err))
		return -1;
	log_note("wrote %s", output ? output : usual);
	return 0;
}

static int export(const struct request *request, struct error *err)
{
	struct arena arena = {0};
	const char *key = NULL;
	int result = 0;

	if (!request->operands.count)
		return error_set(err, STATUS_USAGE, "kernel export: RECIPE or KEY is missing");
	if (request->operands.count > 1 && argument_value(request->arguments, "output"))
		return error_set(err, STATUS_USAGE, "--output: there is more than one kernel");
	vector_for_each (operand, &request->operands) {
		bool recipe = text_ends(*operand, ".yaml") || text_ends(*operand, ".yml");
		if (!result)
			result = recipe ? find_of_recipe(request, *operand, &arena, &key, err)
					: find_key(&request->store, *operand, &arena, &key, err);
		if (!result)
			result = export_key(request, key, err);
	}
	arena_release(&arena);
	return result;
}

static int import_one(const struct request *request, const char *file, struct error *err)
{
	cleanup_stored_kernel struct stored_kernel kernel = {0};

	if (stored_kernel_read(file, &kernel, err) || stored_kernel_verify(file, err))
		return -1;
	cleanup_free char *path = store_kernel_path(&request->store, kernel.key);
	if (copy(file, path, err))
		return -1;
	log_note("the store has %.16s now: %s %s", kernel.key, kernel.version, kernel.summary);
	return 0;
}

static int import(const struct request *request, struct error *err)
{
	if (!request->operands.count)
		return error_set(err, STATUS_USAGE, "kernel import: FILE is missing");
	vector_for_each (file, &request->operands)
		if (import_one(request, *file, err))
			return -1;
	return 0;
}

static const struct {
	const char *name;
	int (*run)(const struct request *request, struct error *err);
} verbs[] = {{"build", build}, {"configure", configure}, {"export", export}, {"import", import},
	{"list", list}};

static void request_release(struct request *request)
{
	store_release(&request->store);
}

static int run(const struct arguments *arguments, struct error *err)
{
	const struct words *operands = &arguments->operands;
	cleanup(request_release) struct request request = {
		.arguments = arguments,
		.operands = {operands->items + 1, operands->count - 1, 0},
	};

	for (size_t i = 0; i < array_count(verbs); i++) {
		if (strcmp(operands->items[0], verbs[i].name))
			continue;
		if (store_open(arguments->store, &request.store, err))
			return -1;
		return verbs[i].run(&request, err);
	}
	return error_set(err, STATUS_USAGE,
		"kernel: unknown word `%s`; known: build, configure, export, import, list",
		operands->items[0]);
}

static const struct command_option options[] = {
	{"output", 'o', "FILE", "write FILE, not one with the usual name"},
	NO_LOCK_OPTION,
	{0},
};

const struct command command_kernel = {
	.name = "kernel",
	.summary = "build kernels, and move them between stores",
	.operands = "build|configure|export|import|list [RECIPE|KEY|FILE]...",
	.operands_min = 1,
	.operands_max = SIZE_MAX,
	.options = options,
	.help = "A kernel is built once for its configuration, source and compiler; the hash of\n"
		"them is its key. `build` builds that of a recipe, for whatever architecture it\n"
		"is, and nothing else; `configure` only writes the .config that it would have.\n"
		"`export` writes the kernel of a recipe, or of a key (or how it begins), to a "
		"file;\n"
		"`import` takes such files into this store, where builds then find it; `list` "
		"shows\n"
		"what there is. The file is a Debian package, which other recipes can name:\n"
		"`kernel: {package: FILE}`.",
	.run = run,
};
