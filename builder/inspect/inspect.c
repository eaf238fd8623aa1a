#include "inspect.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/size.h"

const struct inspect_section *const inspect_sections[] = {&inspect_image, &inspect_partitions,
	&inspect_system, &inspect_boot, &inspect_kernels, &inspect_packages, &inspect_directories,
	NULL};

static int check_names(const struct words *wanted, struct error *err)
{
	const char *names[16];
	size_t count = 0;

	for (; inspect_sections[count]; count++)
		names[count] = inspect_sections[count]->name;
	const struct words known = {names, count, 0};
	vector_for_each (word, wanted) {
		if (words_contain(&known, *word))
			continue;
		const char *nearest = text_nearest(*word, names, count);
		return error_set(err, STATUS_USAGE, "--show: there is no section `%s`%s%s%s", *word,
			nearest ? "; did you mean `" : "", nearest ? nearest : "",
			nearest ? "`?" : "");
	}
	return 0;
}

int inspect_gather(struct image_view *view, const struct words *wanted, json_t **ret_document,
	struct error *err)
{
	if (wanted && check_names(wanted, err))
		return -1;
	json_t *document = json_object();
	for (size_t i = 0; inspect_sections[i]; i++) {
		const struct inspect_section *section = inspect_sections[i];
		json_t *json = NULL;
		if (wanted && !words_contain(wanted, section->name))
			continue;
		if (section->gather(view, &json, err)) {
			json_decref(document);
			return error_wrap(err, "%s", view->path);
		}
		if (json)
			json_object_set_new(document, section->name, json);
	}
	*ret_document = document;
	return 0;
}

void inspect_print(const json_t *document, bool whole, struct buffer *text)
{
	for (size_t i = 0; inspect_sections[i]; i++) {
		const json_t *json = json_object_get(document, inspect_sections[i]->name);
		if (!json)
			continue;
		if (text->length)
			buffer_text(text, "\n");
		inspect_sections[i]->print(json, whole, text);
	}
}

json_t *inspect_text(const char *text)
{
	json_t *json = json_string(text);
	cleanup_buffer struct buffer escaped = {0};

	if (json)
		return json;
	for (; *text; text++)
		buffer_printf(&escaped, *text & 0x80 ? "\\x%02x" : "%c", (unsigned char)*text);
	return json_string(escaped.data);
}

const char *inspect_get_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

uint64_t inspect_get_number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

const char *inspect_size(uint64_t bytes, struct inspect_size *space)
{
	return size_format(bytes, space->text, sizeof(space->text));
}

static int by_size(const void *left, const void *right)
{
	uint64_t a = inspect_get_number(*(json_t *const *)left, "size");
	uint64_t b = inspect_get_number(*(json_t *const *)right, "size");

	return (a < b) - (a > b);
}

void inspect_print_list(const json_t *list, bool largest,
	void (*print)(const json_t *object, struct buffer *text), struct buffer *text)
{
	enum { SHOWN = 10 };
	size_t count = json_array_size(list);
	cleanup_free const json_t **sorted = xcalloc(count + 1, sizeof(const json_t *));

	for (size_t i = 0; i < count; i++)
		sorted[i] = json_array_get(list, i);
	if (largest)
		qsort(sorted, count, sizeof(*sorted), by_size);
	for (size_t i = 0; i < count && (!largest || i < SHOWN); i++)
		print(sorted[i], text);
	if (largest && count > SHOWN)
		buffer_printf(text, "  and %zu more\n", count - SHOWN);
}
