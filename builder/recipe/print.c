/* A recipe as YAML that reads back as the same recipe. */
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "value.h"

static void print_keys(
	struct buffer *text, const struct key *keys, const void *base, unsigned indent);

static void print_text(struct buffer *text, const char *value)
{
	buffer_text(text, "\"");
	for (; *value; value++)
		if (*value == '\n')
			buffer_text(text, "\\n");
		else if (*value == '\t')
			buffer_text(text, "\\t");
		else
			buffer_printf(
				text, "%s%c", *value == '"' || *value == '\\' ? "\\" : "", *value);
	buffer_text(text, "\"");
}

static void print_list(struct buffer *text, const struct word_list *list)
{
	buffer_text(text, "[");
	vector_for_each (word, list) {
		buffer_text(text, word == list->items ? "" : ", ");
		print_text(text, word->text);
	}
	buffer_text(text, "]");
}

static void print_flags(struct buffer *text, const struct form *form, unsigned flags)
{
	const char *choice;
	const char *before = "";

	buffer_text(text, "[");
	for (size_t i = 0; (choice = form->choice(i)); i++)
		if (flags & 1u << i) {
			buffer_printf(text, "%s\"%s\"", before, choice);
			before = ", ";
		}
	buffer_text(text, "]");
}

static void print_key(
	struct buffer *text, const struct key *key, const void *base, unsigned indent);

/* Into the indentation of what was printed from `start` on: this is what makes it an item. */
static void mark_item(struct buffer *text, size_t start, unsigned indent)
{
	if (text->length > start)
		text->data[start + indent] = '-';
}

static void print_items(
	struct buffer *text, const struct key *key, const void *base, unsigned indent)
{
	const vector(char) *list = (const void *)((const char *)base + key->offset);

	for (size_t i = 0; i < list->count; i++) {
		size_t start = text->length;
		print_keys(text, key->keys, list->items + i * key->item, indent + 2);
		mark_item(text, start, indent);
	}
}

static void print_checks(struct buffer *text, const struct recipe *recipe, unsigned indent)
{
	vector_for_each (check, &recipe->test.checks) {
		size_t start = text->length;
		print_key(text, &check_keys[check->kind], check, indent + 2);
		mark_item(text, start, indent);
	}
}

static uint64_t number_of(const struct key *key, const void *field)
{
	return key->width == sizeof(uint64_t) ? *(const uint64_t *)field : *(const unsigned *)field;
}

static void print_value(struct buffer *text, const struct key *key, const void *field)
{
	switch (key->type) {
	case VALUE_TEXT:
		print_text(text, key->width == sizeof(struct word)
					 ? ((const struct word *)field)->text
					 : *(const char *const *)field);
		break;
	case VALUE_LIST:
		print_list(text, field);
		break;
	case VALUE_FLAGS:
		print_flags(text, key->form, *(const unsigned *)field);
		break;
	case VALUE_BOOLEAN:
		buffer_text(text, *(const bool *)field ? "true" : "false");
		break;
	case VALUE_NUMBER:
	case VALUE_SIZE:
	case VALUE_DURATION:
		if (key->word && number_of(key, field) == SIZE_CONTENT)
			print_text(text, key->word);
		else
			value_print_number(text, key->type, number_of(key, field));
		break;
	case VALUE_MAPPING:
	case VALUE_ITEMS:
	case VALUE_CHECKS:
		break;
	}
}

static void print_key(struct buffer *text, const struct key *key, const void *base, unsigned indent)
{
	cleanup_buffer struct buffer inner = {0};

	if (key->type == VALUE_MAPPING)
		print_keys(&inner, key->keys, base, indent + 2);
	else if (key->type == VALUE_ITEMS)
		print_items(&inner, key, base, indent + 2);
	else if (key->type == VALUE_CHECKS)
		print_checks(&inner, base, indent + 2);
	else if (!schema_unset(key, base) && key->width)
		print_value(&inner, key, (const char *)base + key->offset);
	if (!inner.length)
		return;
	bool nested =
		key->type == VALUE_MAPPING || key->type == VALUE_ITEMS || key->type == VALUE_CHECKS;
	buffer_printf(text, "%*s%s:%s%s%s", (int)indent, "", key->name, nested ? "\n" : " ",
		inner.data, nested ? "" : "\n");
}

static void print_keys(
	struct buffer *text, const struct key *keys, const void *base, unsigned indent)
{
	for (const struct key *key = keys; key->name; key++)
		print_key(text, key, base, indent);
}

char *recipe_text(const struct recipe *recipe)
{
	struct buffer text = {0};

	buffer_text(&text, "");
	print_keys(&text, recipe_keys, recipe, 0);
	return text.data;
}
