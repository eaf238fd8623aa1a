#include "boot-arguments.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/size.h"

/* "q35, pc"; owned by the caller. */
static char *list(const char *const *names, size_t count)
{
	struct buffer text = {0};

	for (size_t i = 0; i < count; i++)
		buffer_printf(&text, "%s%s", i ? ", " : "", names[i]);
	return text.data;
}

static int unknown(const char *option, const char *value, const char *const *names, size_t count,
	struct error *err)
{
	cleanup_free char *known = list(names, count);

	return error_set(
		err, STATUS_USAGE, "--%s: `%s` is unknown; known are %s", option, value, known);
}

static int parse_accelerator(
	const char *value, enum accelerator *ret_accelerator, struct error *err)
{
	for (size_t i = 0; i < ACCELERATORS; i++)
		if (!strcmp(value, accelerator_names[i])) {
			*ret_accelerator = i;
			return 0;
		}
	return unknown("accel", value, accelerator_names, ACCELERATORS, err);
}

static int add_path(const char *name, unsigned *paths, struct error *err)
{
	for (size_t i = 0; i < BOOT_PATHS; i++)
		if (!strcmp(name, boot_path_names[i])) {
			*paths |= 1u << i;
			return 0;
		}
	return unknown("boot", name, boot_path_names, BOOT_PATHS, err);
}

static int parse_paths(const char *value, unsigned *ret_paths, struct error *err)
{
	cleanup_free char *list = xstrdup(value);
	unsigned paths = 0;

	for (char *rest = list, *name; (name = strsep(&rest, ","));)
		if (add_path(name, &paths, err))
			return -1;
	*ret_paths = paths;
	return 0;
}

static int parse_platforms(const char *value, struct boot_arguments *arguments, struct error *err)
{
	cleanup_free char *list = xstrdup(value);

	if (text_equal(value, "all")) {
		arguments->every_platform = true;
		return 0;
	}
	for (char *rest = list, *name; (name = strsep(&rest, ","));) {
		const struct platform *platform = platform_find(name);
		if (!platform)
			return error_set(err, STATUS_USAGE,
				"--platform: `%s` is unknown; `jeos list platforms` names them",
				name);
		vector_push(&arguments->platforms, platform->name);
	}
	return 0;
}

static int parse_memory(const char *value, uint64_t *ret_memory, struct error *err)
{
	uint64_t memory;

	if (!size_parse(value, &memory) || memory < MIB)
		return error_set(
			err, STATUS_USAGE, "--memory: `%s` is no size such as 256M", value);
	*ret_memory = memory;
	return 0;
}

int boot_arguments_parse(
	const struct arguments *arguments, struct boot_arguments *ret_arguments, struct error *err)
{
	const char *accelerator = argument_value(arguments, "accel");
	const char *paths = argument_value(arguments, "boot");
	const char *names = argument_value(arguments, "platform");
	const char *memory = argument_value(arguments, "memory");
	cleanup_boot_arguments struct boot_arguments parsed = {
		.accelerator = ACCELERATOR_AUTO, .machine = argument_value(arguments, "machine")};

	if ((accelerator && parse_accelerator(accelerator, &parsed.accelerator, err)) ||
		(paths && parse_paths(paths, &parsed.paths, err)) ||
		(names && parse_platforms(names, &parsed, err)) ||
		(memory && parse_memory(memory, &parsed.memory, err)))
		return -1;
	*ret_arguments = parsed;
	parsed = (struct boot_arguments){0};
	return 0;
}

void boot_arguments_release(struct boot_arguments *arguments)
{
	vector_release(&arguments->platforms);
}

int boot_arguments_machine(
	const struct boot_arguments *arguments, struct boot_options *options, struct error *err)
{
	struct boot_machine *machine = &options->machine;
	cleanup_buffer struct buffer known = {0};

	if (!arguments->machine)
		return 0;
	buffer_text(&known, "");
	for (size_t i = 0; boot_machine_at(options->platform, options->architecture, i, machine);
		i++) {
		if (!strcmp(machine->name, arguments->machine))
			return 0;
		buffer_printf(&known, "%s%s", i ? ", " : "", machine->name);
	}
	return error_set(err, STATUS_USAGE,
		"--machine: the platform %s has no machine `%s`; it has %s",
		options->platform->name, arguments->machine, known.data);
}

int boot_arguments_path(const struct boot_arguments *arguments, enum boot_path path,
	struct boot_options *options, struct error *err)
{
	const char *name = boot_path_names[path];

	options->path = path;
	if (arguments->machine)
		return options->machine.paths & 1u << path
			       ? 0
			       : error_set(err, STATUS_USAGE,
					 "--machine: %s does not boot by %s; give another --boot",
					 arguments->machine, name);
	if (boot_machine_usual(options->platform, options->architecture, path, &options->machine))
		return 0;
	return error_set(err, STATUS_USAGE, "--boot: no machine of the platform %s boots by %s",
		options->platform->name, name);
}

const char *artefact_suffix(const char *artefact)
{
	const char *dash = strrchr(artefact, '-');

	return strchrnul(dash ? dash : artefact, '.');
}

char *image_name(const char *image)
{
	const char *slash = strrchr(image, '/');
	char *name = xstrdup(slash ? slash + 1 : image);
	char *dot = strrchr(name, '.');

	if (dot && dot != name)
		*dot = '\0';
	return name;
}

const struct architecture *image_architecture(const char *image)
{
	cleanup_free char *name = image_name(image);
	const char *dash = strrchr(name, '-');
	const struct architecture *named = dash ? architecture_find(dash + 1) : NULL;

	if (!named)
		named = boot_architecture_find(image);
	return named ? named : architecture_native();
}
