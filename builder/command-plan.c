#include <stdio.h>

#include "base/cleanup.h"
#include "inputs.h"
#include "plan.h"

static int run(const struct arguments *arguments, struct error *err)
{
	cleanup_inputs struct inputs inputs = {0};
	cleanup_plan struct plan *plan = NULL;

	if (inputs_open(arguments, arguments->operands.items[0], &inputs, err) ||
		plan_make(inputs.recipe, inputs.lock, &inputs.store, &plan, err))
		return -1;
	if (arguments->json) {
		json_t *document = plan_json(plan), *states = json_object();
		for (const struct plan_layer *layer = plan->layers;
			layer < plan->layers + LAYER_COUNT; layer++) {
			if (!layer->key)
				continue;
			cleanup_free char *state = plan_layer_state(plan, layer, &inputs.store);
			json_object_set_new(states, layer->name, json_string(state));
		}
		json_object_set_new(document, "states", states);
		cleanup_free char *line = json_dumps(document, JSON_COMPACT);
		json_decref(document);
		puts(line);
		return 0;
	}
	cleanup_free char *text = plan_text(plan, &inputs.store);
	fputs(text, stdout);
	return 0;
}

static const struct command_option options[] = {
	NO_LOCK_OPTION,
	{0},
};

const struct command command_plan = {
	.name = "plan",
	.summary = "print what a build would do: packages, layers, the disk byte by byte",
	.operands = "RECIPE",
	.operands_min = 1,
	.operands_max = 1,
	.options = options,
	.help = "Builds nothing; only the archive's indices are fetched into the store.",
	.run = run,
};
