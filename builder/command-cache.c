#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/size.h"
#include "command.h"
#include "sandbox/sandbox.h"
#include "store/clean.h"

enum { ALL_ROOMS = (1u << STORE_ROOMS) - 1, DAY = 24 * 60 * 60 };

/* What is asked for, and the store it is asked of. */
struct request {
	struct store store;
	struct store_cleaning cleaning;
	bool json;
	int (*run)(const struct request *request, struct error *err);
};

struct total {
	size_t count;
	uint64_t size;
	int64_t used; /* last; 0: never */
};

static void add_up(const struct store_entries *entries, struct total totals[STORE_ROOMS])
{
	vector_for_each (entry, entries) {
		struct total *total = &totals[entry->room];
		total->count++;
		total->size += entry->size;
		if (entry->used > total->used)
			total->used = entry->used;
	}
}

static const char *time_text(int64_t seconds, char *text, size_t size)
{
	struct tm parts;
	time_t time = seconds;

	if (!seconds || !strftime(text, size, "%Y-%m-%d %H:%M UTC", gmtime_r(&time, &parts)))
		return "never";
	return text;
}

static void print_line(const char *name, uint64_t size_in_bytes, int64_t used, const char *more)
{
	char size[32], time[32];

	printf("%-18s %10s  %-20s  %s\n", name, size_format(size_in_bytes, size, sizeof(size)),
		time_text(used, time, sizeof(time)), more);
}

/* Whose the layer is and which: "minimal: packages"; owned by the caller. */
static char *layer_title(const struct store *store, const char *key)
{
	cleanup_free char *path = store_description_path(store, key);
	json_t *document = json_load_file(path, 0, NULL);
	const char *recipe = json_string_value(json_object_get(document, "recipe"));
	const char *layer = json_string_value(json_object_get(document, "layer"));
	char *title = recipe && layer ? xasprintf("%s: %s", recipe, layer) : xstrdup("");

	json_decref(document);
	return title;
}

static void print_text(const struct store *store, const struct store_entries *entries)
{
	struct total totals[STORE_ROOMS] = {0};

	add_up(entries, totals);
	printf("store: %s\n%-18s %10s  %-20s  %s\n", store->path, "", "size", "last used",
		"entries");
	for (enum store_room room = 0; room < STORE_ROOMS; room++) {
		cleanup_free char *count = xasprintf("%zu", totals[room].count);
		print_line(store_room_name(room), totals[room].size, totals[room].used, count);
		vector_for_each (entry, entries) {
			if (entry->room != room || !entry->tree)
				continue;
			cleanup_free char *name = xasprintf("  %.16s", entry->name);
			cleanup_free char *title = layer_title(store, entry->name);
			print_line(name, entry->size, entry->used, title);
		}
	}
}

static int print_json(
	const struct store *store, const struct store_entries *entries, struct error *err)
{
	struct total totals[STORE_ROOMS] = {0};
	json_t *document = json_pack("{s:s}", "path", store->path), *layers = json_array();

	add_up(entries, totals);
	for (enum store_room room = 0; room < STORE_ROOMS; room++)
		json_object_set_new(document, store_room_name(room),
			json_pack("{s:I, s:I, s:I}", "count", (json_int_t)totals[room].count,
				"size", (json_int_t)totals[room].size, "used",
				(json_int_t)totals[room].used));
	vector_for_each (entry, entries) {
		if (!entry->tree)
			continue;
		cleanup_free char *title = layer_title(store, entry->name);
		json_array_append_new(layers,
			json_pack("{s:s, s:s, s:I, s:I}", "key", entry->name, "title", title,
				"size", (json_int_t)entry->size, "used", (json_int_t)entry->used));
	}
	json_object_set_new(json_object_get(document, "layers"), "entries", layers);
	cleanup_free char *line = json_dumps(document, JSON_COMPACT);
	json_decref(document);
	if (!line)
		return error_set(err, STATUS_FAILED,
			"%s: the store's path is no UTF-8, which JSON needs", store->path);
	puts(line);
	return 0;
}

static int show(const struct request *request, struct error *err)
{
	cleanup_store_entries struct store_entries entries = {0};

	if (store_list(&request->store, ALL_ROOMS, &entries, err))
		return -1;
	if (request->json)
		return print_json(&request->store, &entries, err);
	print_text(&request->store, &entries);
	return 0;
}

static int clean(const struct request *request, struct error *err)
{
	struct store_cleaned cleaned;
	char size[32];

	store_sweep(&request->store);
	if (store_clean(&request->store, &request->cleaning, &cleaned, err))
		return -1;
	if (request->json)
		printf("{\"removed\":%zu,\"size\":%llu,\"in-use\":%zu}\n", cleaned.removed,
			(unsigned long long)cleaned.size, cleaned.in_use);
	else
		printf("removed %zu entries, %s%s\n", cleaned.removed,
			size_format(cleaned.size, size, sizeof(size)),
			cleaned.in_use ? "; a running build uses others, which are left" : "");
	return 0;
}

static int run_inside(void *context, struct error *err)
{
	const struct request *request = context;

	return request->run(request, err);
}

/* Layers of an ordinary user hold files of subordinate ids, which only a sandbox can touch. Where
 * there is no sandbox there are no layers either. */
static int run_request(struct request *request, struct error *err)
{
	cleanup(error_release) struct error ignored = {0};
	enum sandbox_mode mode;

	if (sandbox_detect(&mode, &ignored))
		return request->run(request, err);
	return sandbox_enter(mode, run_inside, request, err);
}

static unsigned chosen_rooms(const struct arguments *arguments)
{
	static const struct {
		const char *option;
		unsigned rooms;
	} choices[] = {
		{"packages", 1u << STORE_PACKAGES | 1u << STORE_INDICES | 1u << STORE_PLANS},
		{"layers", 1u << STORE_LAYERS},
		{"kernels", 1u << STORE_KERNELS},
		{"hosts", 1u << STORE_HOSTS},
	};
	unsigned rooms = 0;

	for (size_t i = 0; i < array_count(choices); i++)
		if (argument_value(arguments, choices[i].option))
			rooms |= choices[i].rooms;
	return rooms ? rooms : ALL_ROOMS;
}

static int parse_cleaning(
	const struct arguments *arguments, struct store_cleaning *cleaning, struct error *err)
{
	const char *days = argument_value(arguments, "keep-days");
	const char *size = argument_value(arguments, "max-size");
	int64_t now = time(NULL);

	*cleaning = (struct store_cleaning){chosen_rooms(arguments), INT64_MAX, 0};
	if (days) {
		if (strspn(days, "0123456789") != strlen(days) || strlen(days) > 5)
			return error_set(err, STATUS_USAGE,
				"--keep-days %s: not a number of days; write 30", days);
		cleaning->unused_since = now - strtol(days, NULL, 10) * DAY;
	}
	if (size && (!size_parse(size, &cleaning->max_size) || !cleaning->max_size))
		return error_set(err, STATUS_USAGE, "--max-size %s: not a size; write 2G", size);
	return 0;
}

static int run(const struct arguments *arguments, struct error *err)
{
	const char *what = arguments->operands.items[0];
	struct request request = {.json = arguments->json};

	if (text_equal(what, "show"))
		request.run = show;
	else if (text_equal(what, "clean"))
		request.run = clean;
	else
		return error_set(err, STATUS_USAGE, "cache %s: neither `show` nor `clean`", what);
	for (size_t i = 0; request.run == show && arguments->command->options[i].name; i++)
		if (arguments->values[i])
			return error_set(err, STATUS_USAGE, "--%s goes with `jeos cache clean`",
				arguments->command->options[i].name);
	if (parse_cleaning(arguments, &request.cleaning, err) ||
		store_open(arguments->store, &request.store, err))
		return -1;
	int result = run_request(&request, err);
	store_release(&request.store);
	return result;
}

static const struct command_option options[] = {
	{"packages", 0, NULL, "clean packages and the archive's indices"},
	{"layers", 0, NULL, "clean layers"},
	{"kernels", 0, NULL, "clean kernels"},
	{"hosts", 0, NULL, "clean appliances that tests run guests in"},
	{"keep-days", 0, "N", "keep what was used in the last N days"},
	{"max-size", 0, "SIZE", "stop when no more than SIZE is left"},
	{0},
};

const struct command command_cache = {
	.name = "cache",
	.summary = "show what the store holds, or clean it",
	.operands = "show|clean",
	.operands_min = 1,
	.operands_max = 1,
	.options = options,
	.help = "Cleaning begins with what was not used for the longest time, and leaves what a\n"
		"running build uses. Without options it removes everything.",
	.run = run,
};
