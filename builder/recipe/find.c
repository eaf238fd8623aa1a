#include <dirent.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "recipe.h"

enum { BESIDE, IN_KIND, UP_IN_KIND, IN_DATA, PLACES };

/* Where the n-th place has `name`; owned by the caller. */
static char *place(size_t n, const char *recipe_path, const char *kind, const char *name)
{
	const char *slash = strrchr(recipe_path, '/');
	int length = slash ? (int)(slash + 1 - recipe_path) : 0;

	switch (n) {
	case BESIDE:
		return xasprintf("%.*s%s", length, recipe_path, name);
	case IN_KIND:
		return xasprintf("%.*s%s/%s", length, recipe_path, kind, name);
	case UP_IN_KIND:
		return xasprintf("%.*s../%s/%s", length, recipe_path, kind, name);
	default:
		return xasprintf("%s/%s/%s", JEOS_DATA, kind, name);
	}
}

char *recipe_find(const char *recipe_path, const char *kind, const char *name)
{
	for (size_t n = strcmp(kind, "recipes") ? IN_KIND : BESIDE; n < PLACES; n++) {
		cleanup_free char *path = place(n, recipe_path, kind, name);
		if (file_exists(AT_FDCWD, path))
			return steal_pointer(&path);
	}
	return NULL;
}

void recipe_find_all(
	const char *recipe_path, const char *kind, struct arena *arena, struct words *ret_names)
{
	struct words names = {0};

	for (size_t n = IN_KIND; n < PLACES; n++) {
		cleanup_free char *path = place(n, recipe_path, kind, "");
		cleanup_directory DIR *directory = opendir(path);
		struct dirent *entry;
		while (directory && (entry = readdir(directory)))
			if (*entry->d_name != '.' && !words_contain(&names, entry->d_name))
				vector_push(&names, arena_strdup(arena, entry->d_name));
	}
	words_sort(&names);
	*ret_names = names;
}
