#include "layer.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"

enum { CHANGES_SHOWN = 8 };

void layer_inputs_init(struct layer_inputs *inputs)
{
	hash_init(&inputs->hash);
	inputs->named = json_object();
}

void layer_inputs_add(struct layer_inputs *inputs, const char *name, const char *value)
{
	hash_text(&inputs->hash, name);
	hash_text(&inputs->hash, value);
	json_object_set_new(inputs->named, name, json_string(value));
}

char *layer_describe(const char *recipe, const char *layer, const json_t *inputs)
{
	json_t *document = json_pack(
		"{s:s, s:s, s:O}", "recipe", recipe, "layer", layer, "inputs", (json_t *)inputs);
	char *text = json_dumps(document, JSON_INDENT(1));

	json_decref(document);
	return text;
}

/* The inputs of the layer to compare with, a new reference; NULL when there is none. */
static json_t *find_last(const struct store *store, const char *recipe, const char *layer)
{
	cleanup_free char *room = xasprintf("%s/layers", store->path);
	cleanup_directory DIR *directory = opendir(room);
	struct dirent *entry;
	json_t *found = NULL;
	bool found_same = false;
	time_t found_used = 0;

	while (directory && (entry = readdir(directory))) {
		if (!text_ends(entry->d_name, STORE_DESCRIPTION))
			continue;
		cleanup_free char *path = xasprintf("%s/%s", room, entry->d_name);
		json_t *document = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
		json_t *inputs = json_object_get(document, "inputs");
		bool same =
			text_equal(recipe, json_string_value(json_object_get(document, "recipe")));
		bool comparable =
			text_equal(layer, json_string_value(json_object_get(document, "layer")));
		struct stat status;
		if (comparable && json_is_object(inputs) && !stat(path, &status) &&
			(same > found_same ||
				(same == found_same && status.st_mtime >= found_used))) {
			json_decref(found);
			found = json_incref(inputs);
			found_same = same;
			found_used = status.st_mtime;
		}
		json_decref(document);
	}
	return found;
}

/* An input as it changed; one side is NULL when it was not there. */
static char *describe_change(const char *name, const char *then, const char *now)
{
	bool package = text_starts(name, LAYER_PACKAGE);
	const char *what = package ? name + strlen(LAYER_PACKAGE) : name;

	if (!then || !now)
		return xasprintf("%c%s", now ? '+' : '-', what);
	int then_length = strcspn(then, package ? " " : ""),
	    now_length = strcspn(now, package ? " " : "");
	if (hash_valid(then) || hash_valid(now) ||
		(then_length == now_length && !strncmp(then, now, now_length)))
		return xasprintf("%s changed", what);
	return xasprintf("%s %.*s -> %.*s", what, then_length, then, now_length, now);
}

static void add_change(
	struct buffer *text, size_t *count, const char *name, const char *then, const char *now)
{
	if (text_equal(then, now) || ++*count > CHANGES_SHOWN)
		return;
	cleanup_free char *change = describe_change(name, then, now);
	buffer_printf(text, "%s%s", text->length ? "; " : "", change);
}

char *layer_changes(
	const struct store *store, const char *recipe, const char *layer, const json_t *inputs)
{
	json_t *last = find_last(store, recipe, layer);
	struct buffer text = {0};
	size_t count = 0;
	const char *name;
	json_t *value;

	if (!last)
		return xstrdup("the first of its sort");
	json_object_foreach((json_t *)inputs, name, value) add_change(&text, &count, name,
		json_string_value(json_object_get(last, name)), json_string_value(value));
	json_object_foreach(last, name, value) if (!json_object_get(inputs, name))
		add_change(&text, &count, name, json_string_value(value), NULL);
	json_decref(last);
	if (count > CHANGES_SHOWN)
		buffer_printf(&text, "; and %zu more", count - CHANGES_SHOWN);
	buffer_text(&text, count ? "" : "it was removed");
	return text.data;
}
