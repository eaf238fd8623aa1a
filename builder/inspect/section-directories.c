/* Sizes by directory, two levels deep. */
#include <string.h>

#include "base/cleanup.h"
#include "inspect.h"
#include "sizes.h"

enum { LEVELS = 2 };

static unsigned depth_of(const char *path)
{
	unsigned depth = 0;

	for (; path[1] && (path = strchr(path, '/')); path++)
		depth++;
	return depth;
}

static json_t *measure(const struct image_tree *tree, const struct image_file *directory)
{
	cleanup_sizes struct sizes sizes = {0};
	size_t first = directory - tree->files.items, end = image_tree_end(tree, directory);
	uint64_t bytes = 0;

	for (size_t i = first; i < end; i++)
		bytes += sizes_count(&sizes, &tree->files.items[i]);
	return json_pack("{s:o, s:I, s:I}", "path", inspect_text(directory->path), "size",
		(json_int_t)bytes, "files", (json_int_t)(end - first));
}

static int gather(struct image_view *view, json_t **ret_json, struct error *err)
{
	(void)err;
	if (!view->root)
		return 0;
	const struct image_tree *tree = view->root->tree;
	json_t *list = json_array();
	for (size_t i = 0; i < tree->files.count; i++) {
		const struct image_file *file = &tree->files.items[i];
		if (S_ISDIR(file->mode) && depth_of(file->path) <= LEVELS)
			json_array_append_new(list, measure(tree, file));
	}
	*ret_json = list;
	return 0;
}

static void print_directory(const json_t *directory, struct buffer *text)
{
	struct inspect_size size;

	buffer_printf(text, "  %10s  %s\n",
		inspect_size(inspect_get_number(directory, "size"), &size),
		inspect_get_text(directory, "path"));
}

static void print(const json_t *json, bool whole, struct buffer *text)
{
	buffer_text(text, "directories:\n");
	inspect_print_list(json, !whole, print_directory, text);
}

const struct inspect_section inspect_directories = {"directories", gather, print};
