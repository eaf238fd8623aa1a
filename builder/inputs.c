#include "inputs.h"

#include "base/cleanup.h"

int inputs_open(const struct arguments *arguments, const char *path, struct inputs *ret_inputs,
	struct error *err)
{
	cleanup_inputs struct inputs inputs = {0};

	if (recipe_load(path, &inputs.recipe, err))
		return -1;
	if (!argument_value(arguments, "no-lock") && lock_open(inputs.recipe, &inputs.lock, err))
		return -1;
	if (store_open(arguments->store, &inputs.store, err))
		return -1;
	inputs.store.offline = arguments->offline;
	*ret_inputs = inputs;
	inputs = (struct inputs){0};
	return 0;
}

void inputs_release(struct inputs *inputs)
{
	recipe_free(inputs->recipe);
	lock_free(inputs->lock);
	store_release(&inputs->store);
}
