#include "matrix.h"

#include "base/size.h"
#include "image/format.h"

/* An image that knows no recipe must boot, run without a failed unit, and turn itself off. */
static const struct recipe_test plain_test = {
	.memory = 512 * MIB, .processors = 1, .ready_within = 120 * 1000};

/* The boots of one image that are still to be added. */
struct adding {
	struct matrix *matrix;
	const struct boot_arguments *arguments;
	const struct trial *trial;
};

/* On each machine of the platform that boots by one of the paths. */
static void add_machines(
	const struct adding *adding, const struct boot_options *boot, unsigned paths)
{
	struct boot_options one = *boot;

	for (size_t i = 0; boot_machine_at(boot->platform, boot->architecture, i, &one.machine);
		i++)
		for (unsigned path = 0; path < BOOT_PATHS; path++) {
			one.path = path;
			if (paths & one.machine.paths & 1u << path)
				vector_push(adding->matrix, one);
		}
}

/* What its firmware finds in an image of the recipe: nothing in one that is a root alone. */
static unsigned firmware_of(const struct trial *trial)
{
	struct format format;

	return format_of_file(trial->image, &format) && format.filesystem
		       ? 0
		       : trial->recipe->disk.firmware;
}

/* By each path on the machine asked for, or the usual one; of all platforms on all machines. */
static int add_paths(
	const struct adding *adding, const struct boot_options *boot, struct error *err)
{
	const struct boot_arguments *arguments = adding->arguments;
	const struct trial *trial = adding->trial;
	struct boot_options one = *boot;
	unsigned paths = arguments->paths;

	if (!paths && trial->built)
		paths = boot_paths_of(boot->platform, firmware_of(trial));
	if (boot_arguments_machine(arguments, &one, err) ||
		(!paths && boot_paths_find(trial->disk, boot->platform, &paths, err)))
		return -1;
	if (arguments->every_platform && !arguments->machine) {
		add_machines(adding, boot, paths);
		return 0;
	}
	for (unsigned i = 0; i < BOOT_PATHS; i++) {
		if (!(paths & 1u << i))
			continue;
		if (boot_arguments_path(arguments, i, &one, err))
			return -1;
		vector_push(adding->matrix, one);
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

/* Whether an image is to be booted on the platform: it was asked for, or it takes such images and
 * the recipe names it. */
static bool is_wanted(const struct adding *adding, const struct platform *platform)
{
	const struct trial *trial = adding->trial;

	if (adding->arguments->platforms.count)
		return words_contain(&adding->arguments->platforms, platform->name);
	if (!is_for(platform, trial->image))
		return false;
	if (!trial->recipe)
		return adding->arguments->every_platform || platform == &platforms[0];
	vector_for_each (name, &trial->recipe->platforms)
		if (text_equal(name->text, platform->name))
			return true;
	return false;
}

static int add_platforms(const struct adding *adding, struct boot_options *boot, struct error *err)
{
	const struct recipe *recipe = adding->trial->recipe;
	bool added = false;

	for (size_t i = 0; i < platform_count; i++) {
		boot->platform = &platforms[i];
		if (!is_wanted(adding, boot->platform))
			continue;
		if (add_paths(adding, boot, err))
			return -1;
		added = true;
	}
	if (added)
		return 0;
	/* A format that no platform is known by: the recipe's first one does. */
	boot->platform = recipe ? platform_find(recipe->platforms.items[0].text) : &platforms[0];
	return add_paths(adding, boot, err);
}

int matrix_add(struct matrix *matrix, const struct boot_arguments *arguments,
	const struct trial *trial, struct error *err)
{
	const struct adding adding = {matrix, arguments, trial};
	const struct recipe *recipe = trial->recipe;
	struct recipe_test *test = arena_alloc(&matrix->arena, sizeof(*test));
	struct boot_options boot = {
		.name = arena_strdup(&matrix->arena, trial->name),
		.image = arena_strdup(&matrix->arena, trial->disk),
		.architecture = recipe ? architecture_find(recipe->architecture.text)
				       : image_architecture(trial->disk),
		.accelerator = arguments->accelerator,
		.test = test,
		.analyze = trial->analyze,
		.may_skip = arguments->every_platform,
		.log_directory = arena_strdup(&matrix->arena, trial->log),
	};

	*test = recipe ? recipe->test : plain_test;
	if (arguments->memory)
		test->memory = arguments->memory;
	return add_platforms(&adding, &boot, err);
}

void matrix_release(struct matrix *matrix)
{
	vector_release(matrix);
	arena_release(&matrix->arena);
}
