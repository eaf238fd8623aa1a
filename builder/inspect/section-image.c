/* The file: its format, what it measures, what lies below it. */
#include "base/cleanup.h"
#include "inspect.h"

/* Bytes of the disk that may hold something: what the format keeps of it. */
static uint64_t count_data(struct disk *disk)
{
	uint64_t sum = 0;

	for (uint64_t at = 0, run; at < disk->size; at += run)
		if (disk_has_data(disk, at, disk->size - at, &run))
			sum += run;
	return sum;
}

static json_t *chain(const struct disk *disk)
{
	json_t *array = json_array();

	for (disk = disk->backing; disk; disk = disk->backing)
		json_array_append_new(
			array, json_pack("{s:o, s:s}", "path", inspect_text(disk->path), "format",
				       disk->driver->name));
	return array;
}

static int gather(struct image_view *view, json_t **ret_json, struct error *err)
{
	json_t *json = json_pack("{s:o, s:s, s:I, s:I}", "path", inspect_text(view->path), "format",
		view->source.format, "file-size", (json_int_t)view->source.file_size, "stored",
		(json_int_t)view->source.stored);
	uint64_t data = view->source.disk ? count_data(view->source.disk)
			: view->root      ? view->root->tree->size
					  : 0;

	(void)err;
	json_object_set_new(json, "data", json_integer(data));
	if (view->source.file_size)
		json_object_set_new(json, "compression-ratio",
			json_real((double)(data * 100 / view->source.file_size) / 100));
	if (view->source.disk)
		json_object_set_new(json, "virtual-size", json_integer(view->source.disk->size));
	if (view->source.disk && view->source.disk->backing)
		json_object_set_new(json, "backing", chain(view->source.disk));
	*ret_json = json;
	return 0;
}

static void print(const json_t *json, bool whole, struct buffer *text)
{
	struct inspect_size virtual, file, data;
	const json_t *below;
	size_t index;

	(void)whole;
	buffer_printf(
		text, "%s: %s", inspect_get_text(json, "path"), inspect_get_text(json, "format"));
	if (json_object_get(json, "virtual-size"))
		buffer_printf(text, ", a disk of %s",
			inspect_size(inspect_get_number(json, "virtual-size"), &virtual));
	buffer_printf(text, "\n  %s of data in a file of %s (1 : %.2f)\n",
		inspect_size(inspect_get_number(json, "data"), &data),
		inspect_size(inspect_get_number(json, "file-size"), &file),
		json_number_value(json_object_get(json, "compression-ratio")));
	json_array_foreach(json_object_get(json, "backing"), index, below)
		buffer_printf(text, "  over %s (%s)\n", inspect_get_text(below, "path"),
			inspect_get_text(below, "format"));
}

const struct inspect_section inspect_image = {"image", gather, print};
