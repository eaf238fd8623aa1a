#include "kernel/patch.h"

#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "base/size.h"
#include "config-line.h"

enum { PATCH_LONGEST = 4 * MIB };

/* Reads the head: whether the patch is for that kernel, and where it begins (0: nowhere). */
static size_t read_head(
	const struct buffer *text, const struct kernel_target *target, bool *ret_applies)
{
	struct span rest = {text->data, text->length}, line;
	bool applies = true, this;

	while (control_next_line(&rest, &line)) {
		if (line.length > 4 && !memcmp(line.at, "--- ", 4)) {
			*ret_applies = applies;
			return line.at - text->data + 1;
		}
		if (line.length && *line.at == '#' && config_mark_parse(line, target, &this))
			applies = applies && this;
	}
	return 0;
}

static int add_patch(const char *path, const struct kernel_target *target, struct buffer *patches,
	struct error *err)
{
	cleanup_buffer struct buffer text = {0};
	bool applies;

	if (file_read(AT_FDCWD, path, PATCH_LONGEST, &text, err))
		return -1;
	size_t begin = read_head(&text, target, &applies);
	if (!begin || text.data[text.length - 1] != '\n' || memchr(text.data, '\0', text.length))
		return error_set(err, STATUS_RECIPE, "%s: it is no patch", path);
	if (applies)
		buffer_text(patches, text.data + begin - 1);
	return 0;
}

int kernel_patches(const struct word_list *fragments, const struct kernel_target *target,
	struct buffer *patches, struct error *err)
{
	vector_for_each (fragment, fragments)
		for (unsigned i = 0; i < FRAGMENT_VARIANTS; i++) {
			cleanup_free char *path = fragment_find(fragment, target, i, ".patch");
			if (path && add_patch(path, target, patches, err))
				return -1;
		}
	return 0;
}
