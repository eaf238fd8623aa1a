/* Which fragments there are. */
#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "base/size.h"
#include "config-line.h"

static const char suffix[] = ".config";

/* The first line, without what makes it a comment. */
static const char *summary_of(const char *recipe_path, const char *file, struct arena *arena)
{
	cleanup_free char *path = recipe_find(recipe_path, FRAGMENTS, file);
	cleanup_buffer struct buffer text = {0};
	struct error err = {0};
	struct span rest, line = {"", 0};

	if (path && file_read(AT_FDCWD, path, MIB, &text, &err))
		error_release(&err);
	rest = (struct span){text.data, text.length};
	control_next_line(&rest, &line);
	const char *summary = span_keep(line, arena);
	return summary + strspn(summary, "# ");
}

/* base-x86 only comes with base. */
static bool is_variant(const struct words *names, const char *name)
{
	for (const char *dash = strchr(name, '-'); dash; dash = strchr(dash + 1, '-')) {
		cleanup_free char *plain = xasprintf("%.*s%s", (int)(dash - name), name, suffix);
		if (words_contain(names, plain))
			return true;
	}
	return false;
}

void kernel_config_list(
	const char *recipe_path, struct arena *arena, struct kernel_fragments *ret_fragments)
{
	struct kernel_fragments fragments = {0};
	struct words files;

	recipe_find_all(recipe_path, FRAGMENTS, arena, &files);
	vector_for_each (file, &files) {
		if (!text_ends(*file, suffix) || is_variant(&files, *file))
			continue;
		const char *name =
			arena_printf(arena, "%.*s", (int)(strlen(*file) - strlen(suffix)), *file);
		vector_push(&fragments,
			((struct kernel_fragment){name, summary_of(recipe_path, *file, arena)}));
	}
	vector_release(&files);
	*ret_fragments = fragments;
}
