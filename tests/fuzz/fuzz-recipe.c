/* Recipes: any bytes are a recipe or an error with a message; a recipe that is printed reads back
 * as the same. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "fuzz.h"
#include "recipe/recipe.h"

/* What the recipe comes to, owned by the caller; NULL after an error. */
static char *read_recipe(const void *data, size_t size)
{
	cleanup_recipe struct recipe *recipe = NULL;
	struct error err = {0};

	if (!recipe_load(input_file(data, size), &recipe, &err))
		return recipe_text(recipe);
	if (err.status != STATUS_RECIPE || !err.message || recipe)
		abort();
	error_release(&err);
	return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_free char *text = read_recipe(data, size);

	if (!text)
		return 0;
	cleanup_free char *again = read_recipe(text, strlen(text));
	if (!again || strcmp(text, again))
		abort();
	return 0;
}
