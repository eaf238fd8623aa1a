#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "base/size.h"
#include "boot-arguments.h"
#include "boot/results.h"
#include "build.h"
#include "image/format.h"
#include "inputs.h"

/* What the tests of one command line share. */
struct session {
	const struct arguments *arguments;
	struct boot_arguments boot;
	const char *output;
	struct recipe *checks; /* --recipe; NULL: not given; owned */
	vector(struct verdict) verdicts;
};

/* An image to be tested. */
struct trial {
	const char *name; /* in the results */
	const char *image;
	const struct recipe *recipe; /* whose checks are made; NULL: none */
	bool built; /* by that recipe: it must boot by whatever the recipe promises */
};

/* An image that knows no recipe must boot, run without a failed unit, and turn itself off. */
static const struct recipe_test plain_test = {
	.memory = 512 * MIB, .processors = 1, .ready_within = 120 * 1000};

static int boot_once(struct session *session, struct boot_options *options, struct error *err)
{
	cleanup_work struct work_directory work = {0};
	struct verdict verdict;

	if (work_directory_make(options->log_directory, "boot", &work, err))
		return -1;
	options->work = work.path;
	if (boot_test(options, &verdict, err))
		return -1;
	vector_push(&session->verdicts, verdict);
	return 0;
}

static int boot_by_paths(struct session *session, const struct trial *trial,
	struct boot_options *options, struct error *err)
{
	unsigned paths = session->boot.paths;

	if (boot_arguments_machine(&session->boot, options, err))
		return -1;
	if (!paths && trial->built)
		paths = boot_paths_of(options->platform, trial->recipe->disk.firmware);
	if (!paths && boot_paths_find(trial->image, options->platform, &paths, err))
		return -1;
	for (size_t i = 0; i < BOOT_PATHS; i++) {
		if (paths & 1u << i && (boot_arguments_path(&session->boot, i, options, err) ||
					       boot_once(session, options, err)))
			return -1;
	}
	return 0;
}

/* Whether the image is in one of the platform's formats, by its name. */
static bool is_for(const struct platform *platform, const char *image)
{
	struct format format;

	if (!format_of_file(image, &format))
		return false;
	for (const char *const *name = platform->formats; *name; name++)
		if (text_equal(*name, format.name))
			return true;
	return false;
}

/* On the platform asked for; else on those of the recipe that take such images, or its first. */
static int boot_on_platforms(struct session *session, const struct trial *trial,
	struct boot_options *options, struct error *err)
{
	const struct platform *first = NULL;
	bool booted = false;

	options->platform = session->boot.platform ? session->boot.platform : &platforms[0];
	if (session->boot.platform || !trial->recipe)
		return boot_by_paths(session, trial, options, err);
	vector_for_each (name, &trial->recipe->platforms) {
		options->platform = platform_find(name->text);
		first = first ? first : options->platform;
		if (!is_for(options->platform, trial->image))
			continue;
		if (boot_by_paths(session, trial, options, err))
			return -1;
		booted = true;
	}
	options->platform = first;
	return booted ? 0 : boot_by_paths(session, trial, options, err);
}

static int test_image(struct session *session, const struct trial *trial, struct error *err)
{
	const char *given = argument_value(session->arguments, "log");
	cleanup_free char *log = given ? xstrdup(given) : xasprintf("%s.logs", trial->image);
	struct recipe_test test = trial->recipe ? trial->recipe->test : plain_test;
	struct boot_options options = {
		.name = trial->name,
		.image = trial->image,
		.architecture = image_architecture(trial->image),
		.accelerator = session->boot.accelerator,
		.test = &test,
		.analyze = session->arguments->json,
		.log_directory = log,
	};

	if (trial->recipe)
		options.architecture = architecture_find(trial->recipe->architecture.text);
	if (session->boot.memory)
		test.memory = session->boot.memory;
	if (access(trial->image, R_OK))
		return error_errno(err, errno, "%s", trial->image);
	if (directory_make(AT_FDCWD, log, err))
		return -1;
	return boot_on_platforms(session, trial, &options, err);
}

/* Of several images of a recipe each has its suffix in the name. */
static int test_artefacts(struct session *session, const struct recipe *recipe,
	const json_t *artefacts, struct error *err)
{
	json_t *artefact;
	size_t i;

	json_array_foreach(artefacts, i, artefact)
	{
		const char *file = json_string_value(json_object_get(artefact, "name"));
		struct format format;
		if (!format_of_file(file, &format) || !format.disk) {
			log_note("%s is no disk: not booted", file);
			continue;
		}
		const char *suffix = json_array_size(artefacts) > 1 ? artefact_suffix(file) : "";
		cleanup_free char *name = xasprintf("%s%s", recipe->name.text, suffix);
		cleanup_free char *image = xasprintf("%s/%s", session->output, file);
		struct trial trial = {name, image, recipe, .built = true};
		if (test_image(session, &trial, err))
			return -1;
	}
	return 0;
}

/* Builds what is not built yet, and tests what came of it. */
static int test_recipe(struct session *session, const char *path, struct error *err)
{
	cleanup_inputs struct inputs inputs = {0};
	json_t *manifest;

	if (inputs_open(session->arguments, path, &inputs, err))
		return -1;
	const struct recipe *recipe = inputs.recipe;
	if (recipe_kernel_origin(&recipe->kernel) == KERNEL_NONE)
		return error_at(err, recipe->kernel.config.at,
			"without a kernel the images of this recipe cannot be booted");
	const struct build_order order = {
		.recipe = recipe,
		.lock = inputs.lock,
		.store = &inputs.store,
		.output = session->output,
	};
	if (build_ensure(&order, &manifest, err))
		return -1;
	int result = test_artefacts(session, recipe, json_object_get(manifest, "artefacts"), err);
	json_decref(manifest);
	return result;
}

static int test_operand(struct session *session, const char *operand, struct error *err)
{
	cleanup_free char *name = image_name(operand);
	struct trial trial = {name, operand, session->checks, .built = false};

	if (text_ends(operand, ".yaml") || text_ends(operand, ".yml"))
		return test_recipe(session, operand, err);
	return test_image(session, &trial, err);
}

static int test_all(struct session *session, struct error *err)
{
	const struct words *operands = &session->arguments->operands;

	for (size_t i = 0; i < operands->count; i++)
		if (test_operand(session, operands->items[i], err))
			return -1;
	return 0;
}

static int write_results(const struct session *session, struct error *err)
{
	const struct verdict *verdicts = session->verdicts.items;
	size_t count = session->verdicts.count;
	cleanup_free char *tap = verdicts_tap(verdicts, count);
	cleanup_free char *junit = verdicts_junit(verdicts, count);
	cleanup_free char *json = verdicts_json(verdicts, count);
	cleanup_free char *text = verdicts_text(verdicts, count);
	const char *tap_file = argument_value(session->arguments, "tap");
	const char *junit_file = argument_value(session->arguments, "junit");

	if (session->arguments->json)
		puts(json);
	else
		fputs(isatty(STDOUT_FILENO) ? text : tap, stdout);
	if (tap_file && file_replace(tap_file, tap, strlen(tap), err))
		return -1;
	return junit_file ? file_replace(junit_file, junit, strlen(junit), err) : 0;
}

/* The worst verdict is the command's. */
static int judge(const struct session *session, struct error *err)
{
	enum status worst = STATUS_OK;
	size_t bad = 0;

	vector_for_each (verdict, &session->verdicts) {
		bad += verdict->status != STATUS_OK;
		if (verdict->status > worst)
			worst = verdict->status;
	}
	if (!bad)
		return 0;
	return error_set(err, worst, "%zu of %zu boots failed the test; the worst one %s", bad,
		session->verdicts.count, verdict_status_name(worst));
}

static void session_release(struct session *session)
{
	vector_for_each (verdict, &session->verdicts)
		verdict_release(verdict);
	vector_release(&session->verdicts);
	recipe_free(session->checks);
}

static int run(const struct arguments *arguments, struct error *err)
{
	const char *output = argument_value(arguments, "output");
	const char *checks = argument_value(arguments, "recipe");
	cleanup(session_release) struct session session = {
		.arguments = arguments, .output = output ? output : "out"};
	struct error ignored = {0};

	if (boot_arguments_parse(arguments, &session.boot, err) ||
		(checks && recipe_load(checks, &session.checks, err)))
		return -1;
	if (!test_all(&session, err))
		return write_results(&session, err) ? -1 : judge(&session, err);
	/* What was found out before the error is not lost. */
	if (session.verdicts.count && write_results(&session, &ignored))
		error_release(&ignored);
	return -1;
}

static const struct command_option options[] = {
	BOOT_OPTIONS,
	{"recipe", 0, "RECIPE", "the checks for an IMAGE; without: it boots, runs well, ends"},
	{"output", 'o', "DIR", "where a recipe's images are, or are built; out/"},
	NO_LOCK_OPTION,
	{"log", 0, "DIR", "where console logs go, not to IMAGE.logs/"},
	{"tap", 0, "FILE", "write the results as TAP"},
	{"junit", 0, "FILE", "write the results as JUnit XML"},
	{0},
};

const struct command command_test = {
	.name = "test",
	.summary = "boot images in an emulator and run the recipe's checks on them",
	.operands = "RECIPE|IMAGE...",
	.operands_min = 1,
	.operands_max = 1000,
	.options = options,
	.help = "A recipe is built first if its images are missing or older than it. Each image\n"
		"is booted by each of its boot paths, as a throw-away copy: the image itself\n"
		"stays as it is. Exit status: 10 a check failed, 11 it did not come up in time,\n"
		"12 its kernel panicked, 13 the emulator failed; of several boots the worst.\n"
		"Results go to standard output: a table on a terminal, else TAP, or JSON with\n"
		"--json.",
	.run = run,
};
