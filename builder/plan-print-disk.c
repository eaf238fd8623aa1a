/* Every byte range of the disk, as far as it is known before its contents are. */
#include <stdio.h>

#include "base/size.h"
#include "plan-print.h"

enum { RANGE = 64 };

static const char *range_of(const struct image_partition *partition, char text[RANGE])
{
	unsigned long long start = partition->start, end = start + partition->length;

	if (partition->length && start)
		snprintf(text, RANGE, "[%llu, %llu)", start, end);
	else if (partition->length)
		snprintf(text, RANGE, "%llu bytes behind that", end);
	else if (partition->size.number)
		snprintf(text, RANGE, "as large as its content and %llu bytes",
			(unsigned long long)partition->size.number);
	else
		snprintf(text, RANGE, "%s",
			partition->size.kind == EXTENT_REST ? "what is left"
							    : "as large as its content");
	return text;
}

static void print_layout(struct buffer *text, const struct image_layout *layout, const char *name)
{
	char size[32], range[RANGE], id[UUID_TEXT];

	buffer_printf(text, "%s: %s, %s\n", name,
		layout->size ? size_format(layout->size, size, sizeof(size))
			     : "as large as its content",
		layout->scheme == SCHEME_NONE ? "no partition table"
					      : partition_scheme_name(layout->scheme));
	for (size_t i = 0; i < layout->partition_count; i++) {
		const struct image_partition *partition = &layout->partitions[i];
		layout_partition_id(layout, partition, id);
		buffer_printf(text, "  %-11s %s  %-8s %s%s%s\n", partition->label,
			range_of(partition, range),
			partition->filesystem ? partition->filesystem : "-", id,
			partition->mount ? " on " : "", partition->mount ? partition->mount : "");
	}
}

void plan_print_disk(struct buffer *text, const struct plan *plan)
{
	print_layout(text, &plan->layout, "disk");
	if (plan->recipe->disk.base.text)
		buffer_printf(text, "over: %s\n", plan->recipe->disk.base.text);
	for (size_t i = 0; i < plan->artefact_count; i++)
		if (plan->artefacts[i].layout == &plan->bare) {
			print_layout(text, &plan->bare, "root alone");
			return;
		}
}

json_t *plan_layout_json(const struct image_layout *layout)
{
	json_t *partitions = json_array();

	for (size_t i = 0; i < layout->partition_count; i++) {
		const struct image_partition *partition = &layout->partitions[i];
		char id[UUID_TEXT], type[UUID_TEXT];
		layout_partition_id(layout, partition, id);
		uuid_format(&partition->type, type);
		json_array_append_new(partitions,
			json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:s?, s:s*}", "use",
				partition_use_name(partition->use), "label", partition->label,
				"type", type, "id", id, "start", (json_int_t)partition->start,
				"length", (json_int_t)partition->length, "filesystem",
				partition->filesystem, "mount", partition->mount));
	}
	return json_pack("{s:I, s:s, s:s, s:i, s:I, s:o}", "size", (json_int_t)layout->size,
		"table", partition_scheme_name(layout->scheme), "compression",
		compression_name(layout->compression), "compression_level",
		layout->compression_level, "cluster_size", (json_int_t)layout->cluster_size,
		"partitions", partitions);
}
