#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/size.h"
#include "command.h"
#include "image/extract.h"
#include "inspect/files.h"
#include "inspect/inspect.h"

struct inspection {
	const struct arguments *arguments;
	struct image_view view;
};

static int print_json(json_t *json, struct error *err)
{
	cleanup_free char *line = json_dumps(json, JSON_COMPACT);

	json_decref(json);
	if (!line)
		return error_set(err, STATUS_FAILED, "a name is no UTF-8, which JSON needs");
	puts(line);
	return 0;
}

/* The file that an option names, and the tree that it is in. */
static int find_file(struct inspection *inspection, const char *path, struct image_tree **ret_tree,
	const struct image_file **ret_file, struct error *err)
{
	const char *part = argument_value(inspection->arguments, "partition");

	if (image_view_tree(&inspection->view, part, ret_tree, err))
		return -1;
	cleanup_free char *whole = xasprintf("%s%s", *path == '/' ? "" : "/", path);
	*ret_file = image_tree_resolve(*ret_tree, whole);
	return *ret_file ? 0
			 : error_set(err, STATUS_FAILED, "%s: it has no file %s",
				   inspection->view.path, path);
}

static int print_file(struct inspection *inspection, const char *path, struct error *err)
{
	enum { PIECE = 64 * KIB };
	const struct image_file *file;
	struct image_tree *tree;
	char piece[PIECE];

	if (find_file(inspection, path, &tree, &file, err))
		return -1;
	if (!S_ISREG(file->mode))
		return error_set(err, STATUS_FAILED, "%s: %s is not a regular file",
			inspection->view.path, file->path);
	for (uint64_t at = 0, length; at < file->size; at += length) {
		length = file->size - at < PIECE ? file->size - at : PIECE;
		if (image_file_read(tree, file, at, piece, length, err))
			return error_wrap(err, "%s", inspection->view.path);
		if (fwrite(piece, 1, length, stdout) != length)
			return error_errno(err, errno, "writing the output");
	}
	return 0;
}

/* Whether it lies directly in the directory. */
static bool is_child(const struct image_file *directory, const struct image_file *file)
{
	size_t above = directory->path[1] ? strlen(directory->path) : 0;

	return !strchr(file->path + above + 1, '/');
}

static int list_files(struct inspection *inspection, const char *path, struct error *err)
{
	bool deep = argument_value(inspection->arguments, "recursive");
	const struct image_file *file;
	struct image_tree *tree;

	if (find_file(inspection, path, &tree, &file, err))
		return -1;
	size_t first = file - tree->files.items, end = image_tree_end(tree, file);
	json_t *list = json_array();
	cleanup_buffer struct buffer text = {0};
	for (size_t i = S_ISDIR(file->mode) ? first + 1 : first; i < end; i++) {
		const struct image_file *each = &tree->files.items[i];
		if (!deep && i > first && !is_child(file, each))
			continue;
		if (inspection->arguments->json)
			json_array_append_new(list, inspect_file_json(each));
		else
			inspect_file_print(each, &text);
	}
	if (inspection->arguments->json)
		return print_json(list, err);
	json_decref(list);
	fputs(text.data ? text.data : "", stdout);
	return 0;
}

static void tell_losses(const struct extract_losses *losses)
{
	const struct {
		const char *what;
		uint64_t count;
	} rows[] = {
		{"owners", losses->owners},
		{"device nodes", losses->devices},
		{"extended attributes", losses->xattrs},
		{"set-user-ID and set-group-ID bits", losses->modes},
	};

	for (size_t i = 0; i < array_count(rows); i++)
		if (rows[i].count)
			log_warning("not kept without the privilege: %s of %llu files",
				rows[i].what, (unsigned long long)rows[i].count);
}

static int extract(struct inspection *inspection, const char *path, struct error *err)
{
	const char *output = argument_value(inspection->arguments, "output");
	struct extract_losses losses = {0};
	const struct image_file *file;
	struct image_tree *tree;

	if (!output)
		return error_set(err, STATUS_USAGE, "--extract: where to? say --output DIR");
	if (find_file(inspection, path, &tree, &file, err))
		return -1;
	const char *name = strrchr(file->path, '/');
	cleanup_free char *to = xasprintf("%s%s", output, name[1] ? name : "");
	if (image_extract(tree, file, to, &losses, err))
		return error_wrap(err, "%s", inspection->view.path);
	tell_losses(&losses);
	log_note("extracted %s", to);
	return 0;
}

static void split(const char *list, struct arena *arena, struct words *words)
{
	char *rest = arena_strdup(arena, list);

	for (const char *word; (word = strsep(&rest, ","));)
		if (*word)
			vector_push(words, word);
}

static int report(struct inspection *inspection, struct error *err)
{
	const char *show = argument_value(inspection->arguments, "show");
	struct words wanted = {0};
	struct arena arena = {0};
	json_t *document = NULL;

	if (show)
		split(show, &arena, &wanted);
	int result = inspect_gather(&inspection->view, show ? &wanted : NULL, &document, err);
	vector_release(&wanted);
	arena_release(&arena);
	if (result)
		return -1;
	if (inspection->arguments->json)
		return print_json(document, err);
	cleanup_buffer struct buffer text = {0};
	inspect_print(document, show, &text);
	json_decref(document);
	fputs(text.data ? text.data : "", stdout);
	return 0;
}

/* What may be asked for instead of the report. */
static const struct {
	const char *option;
	int (*run)(struct inspection *inspection, const char *path, struct error *err);
} requests[] = {{"cat", print_file}, {"ls", list_files}, {"extract", extract}};

static void inspection_release(struct inspection *inspection)
{
	image_view_release(&inspection->view);
}

static int run(const struct arguments *arguments, struct error *err)
{
	cleanup(inspection_release) struct inspection inspection = {.arguments = arguments};
	size_t wanted = array_count(requests);

	for (size_t i = 0; i < array_count(requests); i++) {
		if (!argument_value(arguments, requests[i].option))
			continue;
		if (wanted < array_count(requests))
			return error_set(err, STATUS_USAGE, "--%s and --%s do not go together",
				requests[wanted].option, requests[i].option);
		wanted = i;
	}
	if (image_view_open(arguments->operands.items[0], &inspection.view, err))
		return -1;
	if (wanted == array_count(requests))
		return report(&inspection, err);
	return requests[wanted].run(
		&inspection, argument_value(arguments, requests[wanted].option), err);
}

static const struct command_option options[] = {
	{"show", 's', "SECTION,...", "show only these sections, and all of them"},
	{"ls", 0, "PATH", "list a file, or what a directory holds"},
	{"recursive", 'R', NULL, "list all that is below it"},
	{"cat", 0, "PATH", "print a file"},
	{"extract", 'x', "PATH", "copy a file or a directory to DIR/NAME, / to DIR"},
	{"output", 'o', "DIR", "where to"},
	{"partition", 0, "NUMBER", "or LABEL: of this partition, not of the root"},
	{0},
};

const struct command command_inspect = {
	.name = "inspect",
	.summary = "show what is in an image, without mounting it",
	.operands = "IMAGE",
	.operands_min = 1,
	.operands_max = 1,
	.options = options,
	.help = "Shows an image's disk, partitions, filesystems, system, kernels, packages, and "
		"what\n"
		"takes its space; the sections are image, partitions, system, boot, kernels,\n"
		"packages, directories. Needs no root. An image may be damaged or hostile: what "
		"does "
		"not\n"
		"fit is an error that names the structure and its place.",
	.run = run,
};
