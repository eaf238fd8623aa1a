#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "architecture.h"
#include "base/cleanup.h"
#include "command.h"
#include "image/disk.h"
#include "image/filesystem.h"
#include "platform.h"
#include "rootfs/strip.h"
#include "stages.h"

/* One row of a listing; false behind the last. */
struct row {
	const char *name, *summary;
};

static bool format_at(size_t index, struct row *ret_row)
{
	const struct disk_driver *driver = disk_drivers[index];

	if (driver)
		*ret_row = (struct row){driver->name, driver->summary};
	return driver;
}

static bool filesystem_at(size_t index, struct row *ret_row)
{
	const struct filesystem *filesystem = filesystems[index];

	if (filesystem)
		*ret_row = (struct row){filesystem->name, filesystem->summary};
	return filesystem;
}

static bool platform_at(size_t index, struct row *ret_row)
{
	if (index >= platform_count)
		return false;
	*ret_row = (struct row){platforms[index].name, platforms[index].summary};
	return true;
}

static bool architecture_at(size_t index, struct row *ret_row)
{
	if (index >= architecture_count)
		return false;
	*ret_row = (struct row){architectures[index].name, architectures[index].emulator};
	return true;
}

static bool stage_row_at(size_t index, struct row *ret_row)
{
	const struct stage *stage = stage_at(index);

	if (stage)
		*ret_row = (struct row){stage->name, stage->summary};
	return stage;
}

static bool strip_at(size_t index, struct row *ret_row)
{
	if (index >= strip_rule_count)
		return false;
	*ret_row = (struct row){strip_rules[index].name, strip_rules[index].summary};
	return true;
}

static const struct {
	const char *name;
	bool (*at)(size_t index, struct row *ret_row);
} listings[] = {
	{"formats", format_at},
	{"filesystems", filesystem_at},
	{"platforms", platform_at},
	{"architectures", architecture_at},
	{"stages", stage_row_at},
	{"strip", strip_at},
};

static void print_listing(size_t listing, bool json)
{
	json_t *rows = json_array();
	struct row row;

	for (size_t i = 0; listings[listing].at(i, &row); i++) {
		if (json)
			json_array_append_new(rows,
				json_pack("{s:s, s:s}", "name", row.name, "summary", row.summary));
		else
			printf("%-18s %s\n", row.name, row.summary);
	}
	if (json) {
		cleanup_free char *line = json_dumps(rows, JSON_COMPACT);
		puts(line);
	}
	json_decref(rows);
}

static int run(const struct arguments *arguments, struct error *err)
{
	const char *wanted = arguments->operands.items[0];
	const char *names[array_count(listings)];

	for (size_t i = 0; i < array_count(listings); i++) {
		names[i] = listings[i].name;
		if (strcmp(wanted, names[i]))
			continue;
		print_listing(i, arguments->json);
		return 0;
	}
	const char *nearest = text_nearest(wanted, names, array_count(names));
	return error_set(err, STATUS_USAGE, "list: unknown listing `%s`%s%s%s", wanted,
		nearest ? "; did you mean `" : "", nearest ? nearest : "", nearest ? "`?" : "");
}

const struct command command_list = {
	.name = "list",
	.summary = "list what jeos knows",
	.operands = "formats|filesystems|platforms|architectures|stages|strip",
	.operands_min = 1,
	.operands_max = 1,
	.run = run,
};
