/* The partition table, and the filesystems. */
#include <stdio.h>
#include <string.h>

#include "architecture.h"
#include "inspect.h"

/* Types that are common on disks of guests; the roots' are in the table of architectures. */
static const struct {
	const char *type, *name;
} type_names[] = {
	{"c12a7328-f81f-11d2-ba4b-00a0c93ec93b", "EFI system"},
	{"21686148-6449-6e6f-744e-656564454649", "BIOS boot"},
	{"0fc63daf-8483-4772-8e79-3d69d8477de4", "Linux data"},
	{"0657fd6d-a4ab-43c4-84e5-0933c84b4f4f", "Linux swap"},
	{"933ac7e1-2eb4-4f13-b844-0e14e2aef915", "Linux home"},
	{"3b8f8425-20e0-4f3b-907f-1a25a76f98e8", "Linux srv"},
	{"4d21b016-b534-45c2-a9fb-5c16e091fd2d", "Linux var"},
	{"bc13c2ff-59e6-4262-a352-b275fd6f7172", "Linux boot"},
	{"e6d6d379-f507-44c2-a23c-238f2a3df928", "Linux LVM"},
	{"9e1a2d38-c612-4316-aa26-8b49521e5a8b", "PReP boot"},
};

static const char *type_name(const char *type)
{
	for (size_t i = 0; i < array_count(type_names); i++)
		if (!strcmp(type_names[i].type, type))
			return type_names[i].name;
	for (size_t i = 0; i < architecture_count; i++)
		if (text_equal(architectures[i].root_type, type))
			return "Linux root";
	return "unknown";
}

static json_t *filesystem_json(const struct image_tree *tree)
{
	json_t *json = json_pack("{s:s, s:I, s:I}", "type", tree->reader->name, "size",
		(json_int_t)tree->size, "free", (json_int_t)tree->free);
	json_t *facts = json_object();

	if (tree->label)
		json_object_set_new(json, "label", inspect_text(tree->label));
	if (tree->uuid)
		json_object_set_new(json, "uuid", json_string(tree->uuid));
	if (tree->inodes) {
		json_object_set_new(json, "inodes", json_integer(tree->inodes));
		json_object_set_new(json, "inodes-free", json_integer(tree->inodes_free));
	}
	json_object_set_new(json, "files", json_integer(tree->files.count));
	vector_for_each (fact, &tree->facts)
		json_object_set_new(facts, fact->name, inspect_text(fact->value));
	json_object_set_new(json, "facts", facts);
	return json;
}

static json_t *part_json(const struct image_view *view, const struct image_part *part)
{
	const struct partition *partition = part->partition;
	json_t *json = json_pack("{s:I, s:I, s:I}", "number",
		(json_int_t)(partition ? partition->number : 1), "start",
		(json_int_t)part->slice.start, "length", (json_int_t)part->slice.length);
	char text[UUID_TEXT];

	if (partition && view->table.scheme == SCHEME_MBR) {
		snprintf(text, sizeof(text), "%02x", partition->mbr_type);
		json_object_set_new(json, "type", json_string(text));
		json_object_set_new(json, "active", json_boolean(partition->active));
	} else if (partition) {
		uuid_format(&partition->type, text);
		json_object_set_new(json, "type", json_string(text));
		json_object_set_new(json, "type-name", json_string(type_name(text)));
		uuid_format(&partition->id, text);
		json_object_set_new(json, "id", json_string(text));
		if (partition->label)
			json_object_set_new(json, "label", inspect_text(partition->label));
	}
	if (part->tree)
		json_object_set_new(json, "filesystem", filesystem_json(part->tree));
	return json;
}

static int gather(struct image_view *view, json_t **ret_json, struct error *err)
{
	json_t *json = json_object(), *list = json_array();
	char text[UUID_TEXT];

	(void)err;
	json_object_set_new(json, "table", json_string(partition_scheme_name(view->table.scheme)));
	if (view->table.scheme == SCHEME_GPT) {
		uuid_format(&view->table.id, text);
		json_object_set_new(json, "id", json_string(text));
	}
	for (size_t i = 0; i < view->part_count; i++)
		json_array_append_new(list, part_json(view, &view->parts[i]));
	json_object_set_new(json, "list", list);
	*ret_json = json;
	return 0;
}

static void print_filesystem(const json_t *json, struct buffer *text)
{
	struct inspect_size used, size;
	uint64_t all = inspect_get_number(json, "size"), left = inspect_get_number(json, "free");

	buffer_printf(text, "%-8s", inspect_get_text(json, "type"));
	if (all)
		buffer_printf(text, " %s of %s used, %llu files", inspect_size(all - left, &used),
			inspect_size(all, &size),
			(unsigned long long)inspect_get_number(json, "files"));
}

static void print(const json_t *json, bool whole, struct buffer *text)
{
	const json_t *part, *fact;
	struct inspect_size size;
	const char *name;
	size_t index;

	buffer_printf(text, "partition table: %s %s\n", inspect_get_text(json, "table"),
		inspect_get_text(json, "id"));
	json_array_foreach(json_object_get(json, "list"), index, part)
	{
		const json_t *filesystem = json_object_get(part, "filesystem");
		buffer_printf(text, "  %llu %10s  %-16s ",
			(unsigned long long)inspect_get_number(part, "number"),
			inspect_size(inspect_get_number(part, "length"), &size),
			inspect_get_text(part, *inspect_get_text(part, "label")       ? "label"
					       : *inspect_get_text(part, "type-name") ? "type-name"
										      : "type"));
		if (filesystem)
			print_filesystem(filesystem, text);
		buffer_text(text, "\n");
		if (!whole)
			continue;
		json_object_foreach((json_t *)json_object_get(filesystem, "facts"), name, fact)
			buffer_printf(text, "      %s: %s\n", name, json_string_value(fact));
	}
}

const struct inspect_section inspect_partitions = {"partitions", gather, print};
