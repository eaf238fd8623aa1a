/* Packages, each with what its files take. */
#include <string.h>

#include "archive/control.h"
#include "base/cleanup.h"
#include "base/size.h"
#include "inspect.h"
#include "packages.h"
#include "rootfs/installed.h"
#include "sizes.h"

enum { LIST_LIMIT = 16 * MIB };

struct measuring {
	struct image_tree *tree;
	struct sizes sizes;
	struct arena arena;
	uint64_t owned;
	bool told; /* of a package at least which files are its own */
};

/* The file of a line of a list: "/bin/sh", or behind a sum "bin/sh". */
static const struct image_file *find_file(struct measuring *measuring, struct span line, bool sums)
{
	struct span word = line;

	if (sums && (!control_next_word(&line, &word) || !control_next_word(&line, &word)))
		return NULL;
	cleanup_free char *text = span_copy(word);
	cleanup_free char *path = xasprintf("%s%s", *text == '/' ? "" : "/", text);
	const struct image_file *file = image_tree_find(measuring->tree, path);
	if (file)
		return file;
	cleanup_free char *merged = xasprintf("/%s", merged_usr_path(path + 1, &measuring->arena));
	return image_tree_find(measuring->tree, merged);
}

/* A package whose list of files is not in the image has no size. */
static int measure(struct measuring *measuring, const struct inspect_package *package,
	json_t **ret_size, struct error *err)
{
	const struct image_file *list =
		package->list ? image_tree_find(measuring->tree, package->list) : NULL;
	cleanup_buffer struct buffer content = {0};
	struct span line;
	uint64_t size = 0;

	if (!list || !S_ISREG(list->mode))
		return 0;
	if (image_file_contents(measuring->tree, list, LIST_LIMIT, &content, err))
		return -1;
	struct span rest = {content.data, content.length};
	while (control_next_line(&rest, &line)) {
		const struct image_file *file =
			find_file(measuring, line, text_ends(package->list, "sums"));
		if (file && !S_ISDIR(file->mode))
			size += sizes_count(&measuring->sizes, file);
	}
	measuring->owned += size;
	measuring->told = true;
	*ret_size = json_integer((json_int_t)size);
	return 0;
}

static int add_packages(struct measuring *measuring, json_t *list, struct error *err)
{
	cleanup_packages struct inspect_packages packages = {0};

	if (inspect_packages_read(measuring->tree, &packages, err))
		return -1;
	vector_for_each (package, &packages.items) {
		json_t *size = NULL;
		if (measure(measuring, package, &size, err))
			return -1;
		json_array_append_new(list,
			json_pack("{s:o, s:o, s:o, s:o*}", "name", inspect_text(package->name),
				"version", inspect_text(package->version), "architecture",
				inspect_text(package->architecture), "size", size));
	}
	return 0;
}

static uint64_t count_all(const struct image_tree *tree)
{
	cleanup_sizes struct sizes sizes = {0};
	uint64_t sum = 0;

	vector_for_each (file, &tree->files)
		if (!S_ISDIR(file->mode))
			sum += sizes_count(&sizes, file);
	return sum;
}

static int gather(struct image_view *view, json_t **ret_json, struct error *err)
{
	if (!view->root)
		return 0;
	struct measuring measuring = {.tree = view->root->tree};
	json_t *list = json_array();
	int result = add_packages(&measuring, list, err);
	sizes_release(&measuring.sizes);
	arena_release(&measuring.arena);
	if (result) {
		json_decref(list);
		return -1;
	}
	uint64_t all = count_all(view->root->tree), owned = measuring.owned;
	*ret_json = json_pack("{s:o}", "list", list);
	if (measuring.told) {
		json_object_set_new(*ret_json, "size", json_integer((json_int_t)owned));
		json_object_set_new(*ret_json, "unowned",
			json_integer((json_int_t)(all > owned ? all - owned : 0)));
	}
	return 0;
}

static void print_package(const json_t *package, struct buffer *text)
{
	struct inspect_size size;

	buffer_printf(text, "  %10s  %s %s %s\n",
		json_object_get(package, "size")
			? inspect_size(inspect_get_number(package, "size"), &size)
			: "-",
		inspect_get_text(package, "name"), inspect_get_text(package, "version"),
		inspect_get_text(package, "architecture"));
}

static void print(const json_t *json, bool whole, struct buffer *text)
{
	const json_t *list = json_object_get(json, "list");
	struct inspect_size size, rest;

	buffer_printf(text, "packages: %zu", json_array_size(list));
	if (json_object_get(json, "size"))
		buffer_printf(text, ", with files of %s; files of none: %s\n",
			inspect_size(inspect_get_number(json, "size"), &size),
			inspect_size(inspect_get_number(json, "unowned"), &rest));
	else
		buffer_text(text, ", whose files the image does not list\n");
	inspect_print_list(list, !whole, print_package, text);
}

const struct inspect_section inspect_packages = {"packages", gather, print};
