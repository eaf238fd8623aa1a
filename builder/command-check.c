#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "command.h"
#include "kernel-look.h"
#include "recipe/problem.h"

static json_t *problem_json(const struct recipe_problem *problem)
{
	json_t *object = json_pack("{s:s}", "message", problem->message);

	if (problem->at.file)
		json_object_update_new(
			object, json_pack("{s:s, s:i, s:i}", "file", problem->at.file, "line",
					(int)problem->at.line, "column", (int)problem->at.column));
	return object;
}

static int print_json(const char *path, const struct recipe *recipe, struct error *err)
{
	json_t *errors = json_array();

	vector_for_each (problem, &recipe->problems)
		json_array_append_new(errors, problem_json(problem));
	json_t *object = json_pack(
		"{s:s, s:b, s:o}", "recipe", path, "ok", !recipe->problems.count, "errors", errors);
	cleanup_free char *line = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	if (!line)
		return error_set(err, STATUS_RECIPE, "%s: no UTF-8, which JSON needs", path);
	puts(line);
	return 0;
}

/* Adds what the kernel of a recipe that is good otherwise lacks. */
static int look_at_kernel(
	const struct arguments *arguments, struct recipe *recipe, struct error *err)
{
	if (recipe->problems.count || !kernel_look(recipe, arguments->store, err))
		return 0;
	if (err->status == STATUS_INTERRUPTED)
		return -1;
	if (err->status == STATUS_RECIPE)
		recipe_problem(recipe, (struct position){0}, "%s", err->message);
	else
		log_note("%s: its kernel is not compared with its platforms: %s", recipe->path,
			err->message);
	error_release(err);
	return 0;
}

/* Prints what is to be said of a good recipe, and adds what is wrong with a bad one. */
static int check(const struct arguments *arguments, const char *path, struct buffer *problems,
	struct error *err)
{
	cleanup_recipe struct recipe *recipe = recipe_examine(path);

	if (look_at_kernel(arguments, recipe, err))
		return -1;
	bool good = !recipe->problems.count;
	if (arguments->json) {
		if (print_json(path, recipe, err))
			return -1;
	} else if (good && argument_value(arguments, "show")) {
		cleanup_free char *shown = recipe_text(recipe);
		fputs(shown, stdout);
	} else if (good) {
		printf("%s: ok\n", path);
	}
	cleanup_free char *text = recipe_problems_text(recipe);
	buffer_printf(problems, "%s%s", problems->length && !good ? "\n" : "", text);
	return 0;
}

static int run(const struct arguments *arguments, struct error *err)
{
	cleanup_buffer struct buffer problems = {0};

	if (argument_value(arguments, "schema")) {
		cleanup_free char *schema = recipe_schema_json();
		fputs(schema, stdout);
		return 0;
	}
	if (!arguments->operands.count)
		return error_set(err, STATUS_USAGE,
			"check: RECIPE is missing; `jeos check --help` says more");
	for (size_t i = 0; i < arguments->operands.count; i++)
		if (check(arguments, arguments->operands.items[i], &problems, err))
			return -1;
	if (problems.length)
		return error_set(err, STATUS_RECIPE, "%s", problems.data);
	return 0;
}

static const struct command_option options[] = {
	{"show", 's', NULL, "print the recipe with all that it inherits and every default"},
	{"schema", 0, NULL, "print the JSON Schema of recipes, for editors"},
	{0},
};

const struct command command_check = {
	.name = "check",
	.summary = "find what is wrong with recipes, without building",
	.operands = "RECIPE...",
	.operands_max = SIZE_MAX,
	.options = options,
	.help = "Reads each recipe and those it inherits, and names every mistake that shows\n"
		"without the package archive, as FILE:LINE:COLUMN: MESSAGE. A kernel of the\n"
		"distribution that is in the store must have what the platforms need.",
	.run = run,
};
