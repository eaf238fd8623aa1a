/* What the root says of itself: os-release(5), host name. */
#include <string.h>

#include "base/cleanup.h"
#include "inspect.h"

enum { TEXT_LIMIT = 64 * 1024 };

/* The value of a line NAME="VALUE", without the quotes. */
static char *unquote(const char *value)
{
	size_t length = strlen(value);

	if (length >= 2 && (*value == '"' || *value == '\'') && value[length - 1] == *value)
		return xstrndup(value + 1, length - 2);
	return xstrdup(value);
}

static int read_text(
	struct image_tree *tree, const char *path, struct buffer *text, struct error *err)
{
	const struct image_file *file = image_tree_resolve(tree, path);

	if (!file || !S_ISREG(file->mode))
		return 0;
	return image_file_contents(tree, file, TEXT_LIMIT, text, err);
}

static int add_release(struct image_tree *tree, json_t *json, struct error *err)
{
	cleanup_buffer struct buffer text = {0};
	json_t *release = json_object();

	json_object_set_new(json, "os-release", release);
	if (read_text(tree, "/etc/os-release", &text, err) ||
		(!text.length && read_text(tree, "/usr/lib/os-release", &text, err)))
		return -1;
	for (char *rest = text.data, *line; (line = strsep(&rest, "\n"));) {
		char *equals = strchr(line, '=');
		if (!equals || *line == '#')
			continue;
		*equals = '\0';
		cleanup_free char *value = unquote(equals + 1);
		json_object_set_new(release, line, inspect_text(value));
	}
	return 0;
}

static int gather(struct image_view *view, json_t **ret_json, struct error *err)
{
	cleanup_buffer struct buffer name = {0};

	if (!view->root)
		return 0;
	json_t *json = json_object();
	if (add_release(view->root->tree, json, err) ||
		read_text(view->root->tree, "/etc/hostname", &name, err)) {
		json_decref(json);
		return -1;
	}
	if (name.length) {
		name.data[strcspn(name.data, "\n")] = '\0';
		json_object_set_new(json, "hostname", inspect_text(name.data));
	}
	*ret_json = json;
	return 0;
}

static void print(const json_t *json, bool whole, struct buffer *text)
{
	json_t *release = json_object_get(json, "os-release"), *value;
	const char *pretty = inspect_get_text(release, "PRETTY_NAME"), *key;

	buffer_printf(text, "system: %s", *pretty ? pretty : "unknown (it has no os-release)");
	if (*inspect_get_text(json, "hostname"))
		buffer_printf(text, ", host name %s", inspect_get_text(json, "hostname"));
	buffer_text(text, "\n");
	if (!whole)
		return;
	json_object_foreach(release, key, value)
		buffer_printf(text, "  %s=%s\n", key, json_string_value(value));
}

const struct inspect_section inspect_system = {"system", gather, print};
