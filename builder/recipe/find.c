#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "recipe.h"

char *recipe_find(const char *recipe_path, const char *kind, const char *name)
{
	const char *slash = strrchr(recipe_path, '/');
	int length = slash ? (int)(slash + 1 - recipe_path) : 0;
	char *candidates[] = {
		xasprintf("%.*s%s", length, recipe_path, name),
		xasprintf("%.*s%s/%s", length, recipe_path, kind, name),
		xasprintf("%.*s../%s/%s", length, recipe_path, kind, name),
		xasprintf("%s/%s/%s", JEOS_DATA, kind, name),
	};
	char *found = NULL;

	for (size_t i = strcmp(kind, "recipes") ? 1 : 0; i < array_count(candidates) && !found; i++)
		if (file_exists(AT_FDCWD, candidates[i]))
			found = steal_pointer(&candidates[i]);
	for (size_t i = 0; i < array_count(candidates); i++)
		free(candidates[i]);
	return found;
}
