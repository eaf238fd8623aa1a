#include <jansson.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/size.h"
#include "build.h"
#include "inputs.h"

static void print_artefacts(const json_t *manifest, const char *output)
{
	size_t index;
	json_t *artefact;

	json_array_foreach(json_object_get(manifest, "artefacts"), index, artefact)
	{
		char size[32];
		cleanup_free char *path = xasprintf(
			"%s/%s", output, json_string_value(json_object_get(artefact, "name")));
		printf("%-48s %10s  sha256:%.16s\n", path,
			size_format(json_integer_value(json_object_get(artefact, "size")), size,
				sizeof(size)),
			json_string_value(json_object_get(artefact, "sha256")));
	}
}

static int build_one(
	const char *path, const struct arguments *arguments, const char *output, struct error *err)
{
	cleanup_inputs struct inputs inputs = {0};
	json_t *manifest = NULL;

	if (inputs_open(arguments, path, &inputs, err))
		return -1;
	const struct build_order order = {
		.recipe = inputs.recipe,
		.lock = inputs.lock,
		.store = &inputs.store,
		.output = output,
		.force = argument_value(arguments, "force"),
		.verify = argument_value(arguments, "verify"),
	};
	if (build_recipe(&order, &manifest, err))
		return -1;
	if (arguments->json) {
		cleanup_free char *line = json_dumps(manifest, JSON_COMPACT);
		puts(line);
	} else {
		print_artefacts(manifest, output);
	}
	json_decref(manifest);
	return 0;
}

static int run(const struct arguments *arguments, struct error *err)
{
	const char *output = argument_value(arguments, "output");

	for (size_t i = 0; i < arguments->operands.count; i++)
		if (build_one(
			    arguments->operands.items[i], arguments, output ? output : "out", err))
			return -1;
	return 0;
}

static const struct command_option options[] = {
	{"output", 'o', "DIR", "write artefacts to DIR, not to out/"},
	{"force", 'f', NULL, "build even what is up to date"},
	{"verify", 0, NULL, "build twice from nothing; name what differs, if anything"},
	NO_LOCK_OPTION,
	{0},
};

const struct command command_build = {
	.name = "build",
	.summary = "build an appliance's disk images from its recipe",
	.operands = "RECIPE...",
	.operands_min = 1,
	.operands_max = 1000,
	.options = options,
	.help = "Artefacts are DIR/NAME-VERSION-ARCHITECTURE.SUFFIX, with their manifest and\n"
		"SHA256SUMS beside them. Packages and the bootstrapped root are kept in the store\n"
		"for the next build. A recipe with a lock beside it (see `jeos lock`) is built of\n"
		"just the packages that the lock names.",
	.run = run,
};
