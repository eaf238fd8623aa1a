#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "command.h"
#include "image/compare.h"
#include "inspect/inspect.h"
#include "inspect/packages-compare.h"

static const struct {
	const char *name;
	unsigned bit;
} ignorable[] = {
	{"times", COMPARE_NO_TIMES},
	{"owners", COMPARE_NO_OWNERS},
	{"modes", COMPARE_NO_MODES},
	{"xattrs", COMPARE_NO_XATTRS},
	{"contents", COMPARE_NO_CONTENTS},
};

static int read_ignored(const char *list, unsigned *ret_ignored, struct error *err)
{
	cleanup_free char *copy = xstrdup(list ? list : "");
	const char *names[array_count(ignorable)];

	for (size_t i = 0; i < array_count(ignorable); i++)
		names[i] = ignorable[i].name;
	for (char *rest = copy, *word; (word = strsep(&rest, ","));) {
		size_t i = 0;
		while (i < array_count(ignorable) && strcmp(names[i], word))
			i++;
		if (*word && i == array_count(ignorable)) {
			const char *nearest = text_nearest(word, names, array_count(names));
			return error_set(err, STATUS_USAGE, "--ignore: unknown word `%s`%s%s%s",
				word, nearest ? "; did you mean `" : "", nearest ? nearest : "",
				nearest ? "`?" : "; known: times, owners, modes, xattrs, contents");
		}
		if (*word)
			*ret_ignored |= ignorable[i].bit;
	}
	return 0;
}

static json_t *optional(const char *text)
{
	return text ? inspect_text(text) : json_null();
}

static void print_json(const struct differences *differences)
{
	json_t *list = json_array();

	vector_for_each (difference, differences)
		json_array_append_new(list,
			json_pack("{s:s, s:o, s:o, s:o, s:o}", "where", difference->where,
				"subject", inspect_text(difference->subject), "what",
				optional(difference->what), "first", optional(difference->first),
				"second", optional(difference->second)));
	cleanup_free char *line = json_dumps(list, JSON_COMPACT);
	json_decref(list);
	puts(line);
}

/* What is wrong with an image is told apart from what differs, as by diff(1) and cmp(1). */
static int trouble(struct error *err)
{
	if (err->status == STATUS_FAILED)
		err->status = STATUS_USAGE;
	return -1;
}

static int compare(const struct comparison *comparison, struct error *err)
{
	if (inspect_packages_compare(comparison, err) || image_compare(comparison, err))
		return error_wrap(err, "comparing %s and %s", comparison->views[0]->path,
			comparison->views[1]->path);
	return 0;
}

static int run(const struct arguments *arguments, struct error *err)
{
	const char *const *images = arguments->operands.items;
	cleanup_image_view struct image_view first = {0}, second = {0};
	cleanup_differences struct differences differences = {0};
	cleanup_buffer struct buffer text = {0};
	struct comparison comparison = {
		.views = {&first, &second},
		.exact = argument_value(arguments, "exact"),
		.differences = &differences,
	};

	if (read_ignored(argument_value(arguments, "ignore"), &comparison.ignored, err) ||
		image_view_open(images[0], &first, err) ||
		image_view_open(images[1], &second, err) || compare(&comparison, err))
		return trouble(err);
	differences_print(&differences, 0, &text);
	if (arguments->json)
		print_json(&differences);
	else
		fputs(text.data, stdout);
	return differences.count
		       ? error_set(err, STATUS_FAILED, "%s and %s differ: %zu differences",
				 images[0], images[1], differences.count)
		       : 0;
}

static const struct command_option options[] = {
	{"ignore", 'i', "WHAT,...", "times, owners, modes, xattrs, contents of files"},
	{"exact", 0, NULL, "to the bit: also what only the filesystem sees"},
	{0},
};

const struct command command_diff = {
	.name = "diff",
	.summary = "show how two images differ",
	.operands = "IMAGE IMAGE",
	.operands_min = 2,
	.operands_max = 2,
	.options = options,
	.help = "Compares packages, partition tables, filesystems, files, and the bytes outside "
		"of\n"
		"them, whatever format the images are in. Exit status: 0 when nothing differs, 1\n"
		"when something does, 2 when an image cannot be read, as of diff(1) and cmp(1).",
	.run = run,
};
