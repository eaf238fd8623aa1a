#include "plan-memory.h"

#include <stddef.h>
#include <string.h>

#include "base/cleanup.h"

#define FIELD(field)                                    \
	{                                               \
#field, offsetof(struct package, field) \
	}

static const struct field {
	const char *name;
	size_t offset;
} texts[] =
	{
		FIELD(name),
		FIELD(version),
		FIELD(architecture),
		FIELD(path),
		FIELD(mirror),
		FIELD(suite),
		FIELD(sha256),
		FIELD(priority),
		FIELD(control),
},
  numbers[] = {
	  FIELD(size),
	  FIELD(installed_size),
};

static void hash_words(struct hash *hash, const struct word_list *words)
{
	hash_number(hash, words->count);
	vector_for_each (word, words)
		hash_text(hash, word->text);
}

int plan_question(const struct plan *plan, const struct package_index *index,
	const struct package_index *tools, char ret_question[HASH_TEXT], struct error *err)
{
	const struct recipe *recipe = plan->recipe;
	char program[HASH_TEXT];
	struct hash hash;

	if (hash_program(program, err))
		return -1;
	hash_init(&hash);
	hash_text(&hash, program);
	package_index_hash(index, &hash);
	if (tools)
		package_index_hash(tools, &hash);
	hash_text(&hash, recipe->suite.text);
	hash_text(&hash, recipe->architecture.text);
	hash_text(&hash, recipe->bootstrap.text);
	hash_text(&hash, recipe->base.text);
	hash_number(&hash, recipe->recommends);
	hash_text(&hash, recipe->kernel.config.text);
	hash_text(&hash, recipe->kernel.package.text);
	hash_number(&hash, recipe->disk.firmware);
	hash_words(&hash, &recipe->packages);
	hash_words(&hash, &recipe->without);
	hash_finish(&hash, ret_question);
	return 0;
}

/* NULL where a text is not UTF-8. */
static json_t *package_value(const struct package *package)
{
	json_t *value = json_pack("{s:b}", "essential", package->essential);

	for (size_t i = 0; i < array_count(texts); i++) {
		const char *text = *(const char *const *)((const char *)package + texts[i].offset);
		if (text && json_object_set_new(value, texts[i].name, json_string(text))) {
			json_decref(value);
			return NULL;
		}
	}
	for (size_t i = 0; i < array_count(numbers); i++) {
		uint64_t number = *(const uint64_t *)((const char *)package + numbers[i].offset);
		json_object_set_new(value, numbers[i].name, json_integer(number));
	}
	return value;
}

static json_t *list_value(const struct package_list *packages)
{
	json_t *list = json_array();

	vector_for_each (package, packages)
		if (json_array_append_new(list, package_value(package))) {
			json_decref(list);
			return NULL;
		}
	return list;
}

/* A list of one, or none. */
static json_t *single_value(const struct package *package)
{
	struct package copy = *package;
	const struct package_list list = {&copy, package->name ? 1 : 0, 1};

	return list_value(&list);
}

static char *memory_path(const struct store *store, const char *question)
{
	return xasprintf("%s/%s/%s", store->path, store_room_name(STORE_PLANS), question);
}

void plan_remember(const struct plan *plan, const struct store *store, const char *question)
{
	cleanup(error_release) struct error ignored = {0};
	cleanup_free char *path = memory_path(store, question);
	const struct kernel_plan *kernel = &plan->kernel;
	json_t *document = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "base",
		list_value(&plan->layers[LAYER_BASE].packages), "packages",
		list_value(&plan->layers[LAYER_PACKAGES].packages), "kernel",
		single_value(&kernel->image), "parts", list_value(&kernel->parts), "busybox",
		single_value(&kernel->busybox), "uefi", single_value(&kernel->uefi), "tools",
		list_value(&kernel->tools));
	cleanup_free char *text = json_dumps(document, JSON_COMPACT);

	json_decref(document);
	if (text)
		file_replace(path, text, strlen(text), &ignored);
}

static struct package read_package(const json_t *value, struct arena *arena)
{
	struct package package = {
		.essential = json_is_true(json_object_get(value, "essential")),
	};

	for (size_t i = 0; i < array_count(texts); i++) {
		const char *text = json_string_value(json_object_get(value, texts[i].name));
		if (text)
			*(const char **)((char *)&package + texts[i].offset) =
				arena_strdup(arena, text);
	}
	for (size_t i = 0; i < array_count(numbers); i++)
		*(uint64_t *)((char *)&package + numbers[i].offset) =
			json_integer_value(json_object_get(value, numbers[i].name));
	return package;
}

static void read_list(const json_t *values, struct arena *arena, struct package_list *packages)
{
	size_t index;
	json_t *value;

	json_array_foreach(values, index, value) vector_push(packages, read_package(value, arena));
}

static void read_single(const json_t *values, struct arena *arena, struct package *package)
{
	if (json_array_size(values))
		*package = read_package(json_array_get(values, 0), arena);
}

bool plan_recall(struct plan *plan, const struct store *store, const char *question)
{
	cleanup_free char *path = memory_path(store, question);
	json_t *document = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
	struct package_list *base = &plan->layers[LAYER_BASE].packages,
			    *added = &plan->layers[LAYER_PACKAGES].packages;

	if (!json_array_size(json_object_get(document, "base"))) {
		json_decref(document);
		return false;
	}
	store_touch(path);
	read_list(json_object_get(document, "base"), &plan->arena, base);
	read_list(json_object_get(document, "packages"), &plan->arena, added);
	read_list(json_object_get(document, "tools"), &plan->arena, &plan->kernel.tools);
	read_single(json_object_get(document, "kernel"), &plan->arena, &plan->kernel.image);
	read_list(json_object_get(document, "parts"), &plan->arena, &plan->kernel.parts);
	read_single(json_object_get(document, "busybox"), &plan->arena, &plan->kernel.busybox);
	read_single(json_object_get(document, "uefi"), &plan->arena, &plan->kernel.uefi);
	json_decref(document);
	package_list_append(&plan->packages, base);
	package_list_append(&plan->packages, added);
	package_list_sort(&plan->packages);
	return true;
}
