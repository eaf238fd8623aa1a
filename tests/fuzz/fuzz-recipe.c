/* Recipes: any bytes are a recipe or an error with a message. */
#include <stdlib.h>

#include "base/cleanup.h"
#include "fuzz.h"
#include "recipe/recipe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_recipe struct recipe *recipe = NULL;
	struct error err = {0};

	if (recipe_load(input_file(data, size), &recipe, &err)) {
		if (err.status != STATUS_RECIPE || !err.message || recipe)
			abort();
		error_release(&err);
	}
	return 0;
}
