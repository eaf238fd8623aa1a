/* The schema as JSON Schema, draft 2020-12 (json-schema.org), for editors. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "schema.h"

static void set_text(json_t *object, const char *name, const char *text)
{
	json_object_set_new(object, name, json_string(text));
}

static void set_number(json_t *object, const char *name, uint64_t number)
{
	json_object_set_new(object, name, json_integer(number));
}

static json_t *choices(const struct form *form)
{
	json_t *names = json_array();
	const char *name;

	for (size_t i = 0; (name = form->choice(i)); i++)
		json_array_append_new(names, json_string(name));
	return names;
}

static json_t *describe_form(const struct form *form)
{
	if (form->or_path)
		return json_pack("{s:[{s:o}, {s:s, s:s}]}", "anyOf", "enum", choices(form), "type",
			"string", "pattern", "[/.]");
	if (form->choice)
		return json_pack("{s:o}", "enum", choices(form));
	json_t *object = form->numeric ? json_pack("{s:[s,s]}", "type", "string", "number")
				       : json_pack("{s:s}", "type", "string");
	if (form->pattern)
		set_text(object, "pattern", form->pattern);
	else
		set_number(object, "minLength", 1);
	if (form->longest)
		set_number(object, "maxLength", form->longest);
	return object;
}

/* A number, or what stands for one as a text. */
static json_t *describe_number(const struct key *key)
{
	json_t *object = json_object();

	if (key->type == VALUE_NUMBER) {
		set_text(object, "type", "integer");
	} else if (key->type == VALUE_SIZE) {
		json_object_set_new(object, "type", json_pack("[s,s]", "string", "integer"));
		cleanup_free char *pattern = xasprintf("^([0-9]+|[0-9]+(\\.[0-9]+)?[KMGT]%s%s)$",
			key->word ? "|" : "", key->word ? key->word : "");
		set_text(object, "pattern", pattern);
	} else {
		json_object_set_new(object, "type", json_pack("[s,s]", "string", "number"));
		set_text(object, "pattern", "^[0-9]+(\\.[0-9]+)?(ms|s|m|h)?$");
	}
	return object;
}

static void set_bounds(json_t *object, const struct key *key)
{
	bool duration = key->type == VALUE_DURATION; /* its bare number is seconds */

	if (duration)
		set_number(object, "exclusiveMinimum", 0);
	else
		set_number(object, "minimum", key->least);
	if (key->most)
		set_number(object, "maximum", key->most / (duration ? 1000 : 1));
	if (key->multiple)
		set_number(object, "multipleOf", key->multiple);
}

static json_t *describe_keys(const struct key *keys);

/* A check: a mapping with just one of the keys. */
static json_t *describe_check(const struct key *keys)
{
	json_t *object = describe_keys(keys);

	set_number(object, "maxProperties", 1);
	return object;
}

static json_t *describe_type(const struct key *key)
{
	json_t *object;

	switch (key->type) {
	case VALUE_TEXT:
		return describe_form(key->form);
	case VALUE_LIST:
	case VALUE_FLAGS:
		return json_pack("{s:s, s:o}", "type", "array", "items", describe_form(key->form));
	case VALUE_BOOLEAN:
		return json_pack("{s:s}", "type", "boolean");
	case VALUE_NUMBER:
	case VALUE_SIZE:
	case VALUE_DURATION:
		object = describe_number(key);
		set_bounds(object, key);
		return object;
	case VALUE_MAPPING:
		object = describe_keys(key->keys);
		if (!key->scalar)
			return object;
		return json_pack("{s:[o,o]}", "anyOf", describe_type(&key->keys[0]), object);
	case VALUE_ITEMS:
		return json_pack("{s:s, s:o}", "type", "array", "items", describe_keys(key->keys));
	case VALUE_CHECKS:
		return json_pack("{s:s, s:o}", "type", "array", "items", describe_check(key->keys));
	}
	abort();
}

static json_t *describe_default(const struct key *key)
{
	switch (key->type) {
	case VALUE_BOOLEAN:
		return json_boolean(!strcmp(key->fallback, "true"));
	case VALUE_NUMBER:
		return json_integer(strtoll(key->fallback, NULL, 10));
	case VALUE_LIST:
		return json_pack("[s]", key->fallback);
	default:
		return json_string(key->fallback);
	}
}

static json_t *describe_keys(const struct key *keys)
{
	json_t *properties = json_object(), *required = json_array();

	for (const struct key *key = keys; key->name; key++) {
		json_t *object = json_pack("{s:s}", "description", key->documentation);
		json_t *type = describe_type(key);
		json_object_update(object, type);
		json_decref(type);
		if (key->fallback)
			json_object_set_new(object, "default", describe_default(key));
		json_object_set_new(properties, key->name, object);
		if (key->required)
			json_array_append_new(required, json_string(key->name));
	}
	json_t *object = json_pack("{s:s, s:o, s:b, s:i}", "type", "object", "properties",
		properties, "additionalProperties", false, "minProperties", 1);
	if (json_array_size(required))
		json_object_set(object, "required", required);
	json_decref(required);
	return object;
}

char *recipe_schema_json(void)
{
	json_t *root = json_pack("{s:s, s:s, s:s}", "$schema",
		"https://json-schema.org/draft/2020-12/schema", "title", "A recipe of jeos",
		"description", "What an appliance is made of; see jeos-recipe(5).");
	json_t *keys = describe_keys(recipe_keys);

	json_object_update(root, keys);
	json_decref(keys);
	/* What a recipe must have, it may inherit: a file alone cannot tell. */
	json_object_del(root, "required");
	cleanup_free char *text = json_dumps(root, JSON_INDENT(2));
	json_decref(root);
	return xasprintf("%s\n", text);
}
