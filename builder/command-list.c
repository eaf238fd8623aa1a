#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "architecture.h"
#include "base/cleanup.h"
#include "command.h"
#include "image/filesystem.h"
#include "image/format.h"
#include "kernel/config.h"
#include "platform.h"
#include "rootfs/strip.h"
#include "stages.h"

struct row {
	const char *name, *summary;
};

struct rows {
	struct arena arena; /* of strings that are not the program's own */
	vector(struct row) items;
};

static void add(struct rows *rows, const char *name, const char *summary)
{
	vector_push(&rows->items, ((struct row){name, summary}));
}

static void list_formats(struct rows *rows)
{
	struct format format;

	for (size_t i = 0; format_at(i, &format); i++)
		add(rows, format.name, format.summary);
}

static void list_filesystems(struct rows *rows)
{
	for (const struct filesystem *const *at = filesystems; *at; at++)
		add(rows, (*at)->name, (*at)->summary);
}

static void list_platforms(struct rows *rows)
{
	for (size_t i = 0; i < platform_count; i++)
		add(rows, platforms[i].name, platforms[i].summary);
}

static void list_architectures(struct rows *rows)
{
	for (size_t i = 0; i < architecture_count; i++)
		add(rows, architectures[i].name, architectures[i].emulator);
}

static void list_stages(struct rows *rows)
{
	const struct stage *stage;

	for (size_t i = 0; (stage = stage_at(i)); i++)
		add(rows, stage->name, stage->summary);
}

static void list_strip_rules(struct rows *rows)
{
	for (size_t i = 0; i < strip_rule_count; i++)
		add(rows, strip_rules[i].name, strip_rules[i].summary);
}

/* Those that a recipe in the working directory could name. */
static void list_fragments(struct rows *rows)
{
	struct kernel_fragments fragments;

	kernel_config_list("", &rows->arena, &fragments);
	vector_for_each (fragment, &fragments)
		add(rows, fragment->name, fragment->summary);
	vector_release(&fragments);
}

static const struct {
	const char *name;
	void (*list)(struct rows *rows);
} listings[] = {
	{"formats", list_formats},
	{"filesystems", list_filesystems},
	{"platforms", list_platforms},
	{"architectures", list_architectures},
	{"stages", list_stages},
	{"strip", list_strip_rules},
	{"fragments", list_fragments},
};

static void print_text(const struct rows *rows)
{
	vector_for_each (row, &rows->items)
		printf("%-18s %s\n", row->name, row->summary);
}

static int print_json(const struct rows *rows, struct error *err)
{
	json_t *array = json_array();

	vector_for_each (row, &rows->items)
		json_array_append_new(
			array, json_pack("{s:s, s:s}", "name", row->name, "summary", row->summary));
	cleanup_free char *line = json_dumps(array, JSON_COMPACT);
	json_decref(array);
	if (!line)
		return error_set(err, STATUS_FAILED, "list: a name is no UTF-8, which JSON needs");
	puts(line);
	return 0;
}

static int run(const struct arguments *arguments, struct error *err)
{
	const char *wanted = arguments->operands.items[0];
	const char *names[array_count(listings)];

	for (size_t i = 0; i < array_count(listings); i++) {
		names[i] = listings[i].name;
		if (strcmp(wanted, names[i]))
			continue;
		struct rows rows = {0};
		int result = 0;
		listings[i].list(&rows);
		if (arguments->json)
			result = print_json(&rows, err);
		else
			print_text(&rows);
		vector_release(&rows.items);
		arena_release(&rows.arena);
		return result;
	}
	const char *nearest = text_nearest(wanted, names, array_count(names));
	return error_set(err, STATUS_USAGE, "list: unknown listing `%s`%s%s%s", wanted,
		nearest ? "; did you mean `" : "", nearest ? nearest : "", nearest ? "`?" : "");
}

const struct command command_list = {
	.name = "list",
	.summary = "list what jeos knows",
	.operands = "formats|filesystems|platforms|architectures|stages|strip|fragments",
	.operands_min = 1,
	.operands_max = 1,
	.run = run,
};
