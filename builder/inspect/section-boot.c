/* By what the image can be booted. */
#include <string.h>

#include "boot/kernel-files.h"
#include "image/zeros.h"
#include "inspect.h"

/* Whether a BIOS finds something to start in the first sector. */
static bool has_boot_code(const struct image_view *view)
{
	enum { BOOT_CODE = 440 };
	uint8_t code[BOOT_CODE];
	struct error ignored = {0};
	bool found = view->source.disk && view->source.disk->size >= BOOT_CODE &&
		     view->table.scheme != SCHEME_NONE &&
		     !disk_read(view->source.disk, 0, code, sizeof(code), &ignored) &&
		     !is_zeros(code, sizeof(code));

	error_release(&ignored);
	return found;
}

/* What UEFI starts from a disk that it knows nothing of. */
static const char *find_program(const struct image_view *view)
{
	static const char folder[] = "/EFI/BOOT/BOOT";

	for (size_t i = 0; i < view->part_count; i++) {
		const struct image_tree *tree = view->parts[i].tree;
		for (size_t k = 0; tree && k < tree->files.count; k++)
			if (!strncasecmp(tree->files.items[k].path, folder, strlen(folder)))
				return tree->files.items[k].path;
	}
	return NULL;
}

static int gather(struct image_view *view, json_t **ret_json, struct error *err)
{
	const char *program = find_program(view);
	json_t *json = json_object();

	(void)err;
	if (has_boot_code(view))
		json_object_set_new(json, "bios", json_string("code in the first sector"));
	if (program)
		json_object_set_new(json, "uefi", inspect_text(program));
	if (view->root && image_tree_resolve(view->root->tree, KERNEL_FILES_CONFIG))
		json_object_set_new(json, "direct", json_string(KERNEL_FILES_CONFIG));
	*ret_json = json;
	return 0;
}

static void print(const json_t *json, bool whole, struct buffer *text)
{
	const char *key;
	json_t *value;

	(void)whole;
	buffer_text(text, "boots by:");
	if (!json_object_size(json))
		buffer_text(text, " nothing that jeos knows");
	json_object_foreach((json_t *)json, key, value)
		buffer_printf(text, " %s (%s)", key, json_string_value(value));
	buffer_text(text, "\n");
}

const struct inspect_section inspect_boot = {"boot", gather, print};
