#include <jansson.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/size.h"
#include "build.h"
#include "inputs.h"
#include "sign.h"

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

/* The recipes of one call, all read before any is built. */
struct batch {
	const struct arguments *arguments;
	const char *output; /* directory for the artefacts */
	vector(struct inputs) inputs;
};

static void batch_release(struct batch *batch)
{
	vector_for_each (inputs, &batch->inputs)
		inputs_release(inputs);
	vector_release(&batch->inputs);
}

/* A second recipe of the same name would overwrite what the first one made. */
static int check_name(const struct batch *batch, const struct recipe *recipe, struct error *err)
{
	cleanup_free char *name = plan_name(recipe);

	vector_for_each (other, &batch->inputs) {
		cleanup_free char *taken = plan_name(other->recipe);
		if (text_equal(taken, name))
			return error_set(err, STATUS_USAGE,
				"%s and %s: both are %s, and one would overwrite the other; build "
				"them by two calls with different --output",
				other->recipe->path, recipe->path, name);
	}
	return 0;
}

static int batch_read(struct batch *batch, struct error *err)
{
	vector_for_each (path, &batch->arguments->operands) {
		cleanup_inputs struct inputs inputs = {0};
		if (inputs_open(batch->arguments, *path, &inputs, err) ||
			check_name(batch, inputs.recipe, err))
			return -1;
		vector_push(&batch->inputs, inputs);
		inputs = (struct inputs){0};
	}
	return 0;
}

static int build_one(const struct batch *batch, const struct inputs *inputs, struct error *err)
{
	json_t *manifest = NULL;
	const struct build_order order = {
		.recipe = inputs->recipe,
		.lock = inputs->lock,
		.store = &inputs->store,
		.output = batch->output,
		.certificate = argument_value(batch->arguments, "certificate"),
		.force = argument_value(batch->arguments, "force"),
		.verify = argument_value(batch->arguments, "verify"),
	};

	if (build_recipe(&order, &manifest, err))
		return -1;
	const char *key = argument_value(batch->arguments, "sign");
	if (key && sums_sign(batch->output, key, err)) {
		json_decref(manifest);
		return -1;
	}
	if (batch->arguments->json) {
		cleanup_free char *line = json_dumps(manifest, JSON_COMPACT);
		puts(line);
	} else {
		print_artefacts(manifest, batch->output);
	}
	json_decref(manifest);
	return 0;
}

/* The first that fails ends the call; what was built before it stays. */
static int run(const struct arguments *arguments, struct error *err)
{
	const char *output = argument_value(arguments, "output");
	cleanup(batch_release) struct batch batch = {
		.arguments = arguments, .output = output ? output : "out"};

	if (batch_read(&batch, err))
		return -1;
	for (size_t i = 0; i < batch.inputs.count; i++) {
		const struct inputs *inputs = &batch.inputs.items[i];
		if (!build_one(&batch, inputs, err))
			continue;
		for (size_t j = i + 1; j < batch.inputs.count; j++)
			log_note("%s: not built", batch.inputs.items[j].recipe->path);
		return batch.inputs.count == 1 ? -1 : error_wrap(err, "%s", inputs->recipe->path);
	}
	return 0;
}

static const struct command_option options[] = {
	{"output", 'o', "DIR", "write artefacts to DIR, not to out/"},
	{"force", 'f', NULL, "build even what is up to date"},
	{"sign", 0, "KEY", "sign SHA256SUMS with a key of gpg's keyring"},
	{"certificate", 0, "FILE", "sign OVAs with the key and certificate in a PEM file"},
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
		"SHA256SUMS beside them. Of several recipes all are read before the first is\n"
		"built; the first that fails is the last. Packages and the layers of roots are\n"
		"kept in the store for the next build. A recipe with a lock beside it (see\n"
		"`jeos lock`) is built of just the packages that the lock names.",
	.run = run,
};
