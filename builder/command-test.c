#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "boot/results.h"
#include "build.h"
#include "image/format.h"
#include "inputs.h"
#include "test-disk.h"
#include "test-host.h"

enum { JOBS_MAX = 1024 };

/* What the tests of one command line share. */
struct session {
	const struct arguments *arguments;
	struct boot_arguments boot;
	const char *output;
	struct recipe *checks;        /* --recipe; NULL: not given; owned */
	vector(struct inputs) inputs; /* the recipes that are tested; owned */
	struct test_disks disks;
	struct matrix matrix;
	struct test_hosts hosts;
	struct verdict *verdicts; /* one for each boot of the matrix; owned */
	unsigned jobs;            /* boots at once; 0: as many as there are processors */
};

static int add_image(struct session *session, struct trial *trial, struct error *err)
{
	const char *log = argument_value(session->arguments, "log");
	cleanup_free char *beside = xasprintf("%s.logs", trial->image);

	trial->log = log ? log : beside;
	trial->analyze = session->arguments->json;
	if (access(trial->image, R_OK))
		return error_errno(err, errno, "%s", trial->image);
	if (directory_make(AT_FDCWD, trial->log, err) ||
		test_disk_take(trial->image, trial->log, &session->disks, &trial->disk, err))
		return -1;
	return matrix_add(&session->matrix, &session->boot, trial, err);
}

/* Whether one of its platforms runs what has that format, which is then the row's first. */
static bool runs_from(const struct recipe *recipe, const char *format)
{
	vector_for_each (name, &recipe->platforms) {
		const struct platform *platform = platform_find(name->text);
		if (text_equal(platform->formats[0], format))
			return true;
	}
	return false;
}

/* Of several images of a recipe each has its suffix in the name. */
static int add_artefacts(struct session *session, const struct recipe *recipe,
	const json_t *artefacts, struct error *err)
{
	json_t *artefact;
	size_t i;

	json_array_foreach(artefacts, i, artefact)
	{
		const char *file = json_string_value(json_object_get(artefact, "name"));
		struct format format;
		if (!format_of_file(file, &format) ||
			(format.bundle && !runs_from(recipe, format.name))) {
			log_note("%s is nothing to boot", file);
			continue;
		}
		const char *suffix = json_array_size(artefacts) > 1 ? artefact_suffix(file) : "";
		cleanup_free char *name = xasprintf("%s%s", recipe->name.text, suffix);
		cleanup_free char *image = xasprintf("%s/%s", session->output, file);
		struct trial trial = {
			.name = name, .image = image, .recipe = recipe, .built = true};
		if (add_image(session, &trial, err))
			return -1;
	}
	return 0;
}

static bool needs_kernel(const struct recipe *recipe)
{
	vector_for_each (name, &recipe->platforms)
		if (boot_needs_kernel(platform_find(name->text)))
			return true;
	return false;
}

/* Builds what is not built yet. */
static int add_recipe(struct session *session, const char *path, struct error *err)
{
	struct inputs inputs;
	json_t *manifest;

	if (inputs_open(session->arguments, path, &inputs, err))
		return -1;
	vector_push(&session->inputs, inputs);
	const struct recipe *recipe = inputs.recipe;
	if (recipe_kernel_origin(&recipe->kernel) == KERNEL_NONE && needs_kernel(recipe))
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
	int result = add_artefacts(session, recipe, json_object_get(manifest, "artefacts"), err);
	json_decref(manifest);
	return result;
}

static int add_operand(struct session *session, const char *operand, struct error *err)
{
	cleanup_free char *name = image_name(operand);
	struct trial trial = {.name = name, .image = operand, .recipe = session->checks};

	if (text_ends(operand, ".yaml") || text_ends(operand, ".yml"))
		return add_recipe(session, operand, err);
	return add_image(session, &trial, err);
}

/* Whose directory has the recipes of hosts: that of the first recipe at hand. */
static const struct recipe *first_recipe(const struct session *session)
{
	return session->checks || !session->inputs.count ? session->checks
							 : session->inputs.items[0].recipe;
}

static int boot_all(struct session *session, struct error *err)
{
	struct matrix *matrix = &session->matrix;

	session->verdicts = xcalloc(matrix->count, sizeof(*session->verdicts));
	if (!matrix->count)
		return error_set(err, STATUS_FAILED, "nothing to boot by any of the paths");
	if (test_hosts_ensure(
		    session->arguments, first_recipe(session), matrix, &session->hosts, err))
		return -1;
	return boot_test_several(
		matrix->items, matrix->count, session->jobs, session->verdicts, err);
}

/* Those of the boots that were made come first, in their order; how many. */
static size_t gather(struct session *session)
{
	size_t count = 0;

	for (size_t i = 0; session->verdicts && i < session->matrix.count; i++) {
		struct verdict verdict = session->verdicts[i];
		if (!verdict.name)
			continue;
		session->verdicts[i] = (struct verdict){0};
		session->verdicts[count++] = verdict;
	}
	return count;
}

static int write_results(const struct session *session, size_t count, struct error *err)
{
	const struct verdict *verdicts = session->verdicts;
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

/* The worst verdict is the command's; what was skipped has none. */
static int judge(const struct session *session, size_t count, struct error *err)
{
	enum status worst = STATUS_OK;
	size_t bad = 0, skipped = 0;

	for (size_t i = 0; i < count; i++) {
		enum status status = session->verdicts[i].status;
		skipped += status == STATUS_MISSING;
		if (status == STATUS_OK || status == STATUS_MISSING)
			continue;
		bad++;
		if (status > worst)
			worst = status;
	}
	if (skipped)
		log_warning(
			"%zu of %zu boots were skipped: this host cannot run them", skipped, count);
	if (skipped == count)
		return error_set(err, STATUS_MISSING, "nothing was tested");
	return bad ? error_set(err, worst, "%zu of %zu boots failed the test; the worst one %s",
			     bad, count, verdict_status_name(worst))
		   : 0;
}

static void session_release(struct session *session)
{
	for (size_t i = 0; session->verdicts && i < session->matrix.count; i++)
		verdict_release(&session->verdicts[i]);
	free(session->verdicts);
	matrix_release(&session->matrix);
	test_disks_release(&session->disks);
	test_hosts_release(&session->hosts);
	vector_for_each (inputs, &session->inputs)
		inputs_release(inputs);
	vector_release(&session->inputs);
	boot_arguments_release(&session->boot);
	recipe_free(session->checks);
}

static int parse_jobs(const struct arguments *arguments, unsigned *ret_jobs, struct error *err)
{
	const char *value = argument_value(arguments, "jobs");
	char *end = NULL;
	unsigned long jobs = value ? strtoul(value, &end, 10) : 0;

	if (value && (*value < '1' || *value > '9' || *end || jobs > JOBS_MAX))
		return error_set(err, STATUS_USAGE, "--jobs: `%s` is no number from 1 to %d", value,
			JOBS_MAX);
	*ret_jobs = jobs;
	return 0;
}

static int add_all(struct session *session, struct error *err)
{
	const struct words *operands = &session->arguments->operands;

	for (size_t i = 0; i < operands->count; i++)
		if (add_operand(session, operands->items[i], err))
			return -1;
	return 0;
}

static int run(const struct arguments *arguments, struct error *err)
{
	const char *output = argument_value(arguments, "output");
	const char *checks = argument_value(arguments, "recipe");
	cleanup(session_release) struct session session = {
		.arguments = arguments, .output = output ? output : "out"};
	struct error ignored = {0};

	if (boot_arguments_parse(arguments, &session.boot, err) ||
		parse_jobs(arguments, &session.jobs, err) ||
		(checks && recipe_load(checks, &session.checks, err)) || add_all(&session, err))
		return -1;
	int result = boot_all(&session, err);
	size_t count = gather(&session);
	if (!result)
		return write_results(&session, count, err) ? -1 : judge(&session, count, err);
	/* What was found out before the error is not lost. */
	if (count && write_results(&session, count, &ignored))
		error_release(&ignored);
	return -1;
}

static const struct command_option options[] = {
	BOOT_OPTIONS,
	{"recipe", 0, "RECIPE", "the checks for an IMAGE; without: it boots, runs well, ends"},
	{"output", 'o', "DIR", "where a recipe's images are, or are built; out/"},
	NO_LOCK_OPTION,
	{"jobs", 'j', "N", "boots at once; as many as there are processors"},
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
		"stays as it is. Several boots run at once, as the host's memory allows.\n"
		"--platform takes several names, or all: then what this host cannot run is\n"
		"skipped, and said. Exit status: 10 a check failed, 11 it did not come up in "
		"time,\n"
		"12 its kernel panicked, 13 the emulator failed; of several boots the worst.\n"
		"Results go to standard output: a table on a terminal, else TAP, or JSON with\n"
		"--json.",
	.run = run,
};
