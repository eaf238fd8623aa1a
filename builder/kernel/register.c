#include "kernel/register.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "archive/control.h"
#include "archive/deb.h"
#include "archive/md5sums.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/inside.h"
#include "base/size.h"

#define DATABASE "var/lib/dpkg"
#define STATUS   DATABASE "/status"
#define STANZA   DATABASE "/jeos-kernel"

enum { FILE_MOST = GIB };

static bool depends_on_others(const char *control)
{
	struct span value;

	return control_find(span_of(control), "Depends", &value) ||
	       control_find(span_of(control), "Pre-Depends", &value);
}

/* Each directory once, before what is in it. */
static char *list_text(const struct words *paths)
{
	struct buffer list = {0};
	const char *before = "";

	buffer_text(&list, "/.\n");
	for (size_t i = 0; i < paths->count; i++) {
		const char *path = paths->items[i];
		for (const char *slash = path; (slash = strchr(slash, '/')); slash++)
			if (strncmp(path, before, slash + 1 - path))
				buffer_printf(&list, "/%.*s\n", (int)(slash - path), path);
		buffer_printf(&list, "/%s\n", path);
		before = path;
	}
	return list.data;
}

static int add_sum(int root, const char *path, struct buffer *sums, struct error *err)
{
	cleanup_buffer struct buffer content = {0};
	struct md5_ctx md5;

	if (inside_read(root, path, FILE_MOST, &content, err))
		return -1;
	md5_init(&md5);
	md5_update(&md5, content.length, (const uint8_t *)content.data);
	md5sums_add(sums, &md5, path);
	return 0;
}

static int write_info(int root, const char *name, const struct words *paths, struct error *err)
{
	cleanup_free char *list_path = xasprintf(DATABASE "/info/%s.list", name);
	cleanup_free char *sums_path = xasprintf(DATABASE "/info/%s.md5sums", name);
	cleanup_free char *list = list_text(paths);
	cleanup_buffer struct buffer sums = {0};

	buffer_text(&sums, "");
	for (size_t i = 0; i < paths->count; i++)
		if (add_sum(root, paths->items[i], &sums, err))
			return -1;
	if (inside_write(root, list_path, list, 0644, err))
		return -1;
	return inside_write(root, sums_path, sums.data, 0644, err);
}

/* The control file, with the status behind its first field, as dpkg has it. */
static int write_stanza(int root, const char *name, const char *control, struct error *err)
{
	struct span rest = span_of(control);
	struct control_field field;
	cleanup_buffer struct buffer stanza = {0};

	buffer_printf(&stanza, "Package: %s\nStatus: install ok installed\n", name);
	while (control_next_field(&rest, &field))
		if (!span_equal_nocase(field.name, "Package"))
			buffer_printf(&stanza, "%.*s: %.*s\n", (int)field.name.length,
				field.name.at, (int)field.value.length, field.value.at);
	buffer_text(&stanza, "\n");
	return inside_write(root, STANZA, stanza.data, 0644, err);
}

int kernel_register(const char *deb, struct words *paths, int root, struct error *err)
{
	cleanup_buffer struct buffer control = {0};
	struct arena arena = {0};
	int result = -1;

	if (deb_read_control(deb, &control, err))
		return -1;
	if (depends_on_others(control.data))
		return 0;
	words_sort(paths);
	const char *name = control_get(span_of(control.data), "Package", &arena);
	if (!name || strchr(name, '/'))
		error_set(err, STATUS_ARCHIVE, "%s: damaged package: it has no name", deb);
	else
		result = write_info(root, name, paths, err) ||
					 write_stanza(root, name, control.data, err)
				 ? -1
				 : 0;
	arena_release(&arena);
	return result;
}

/* Of a file in info/ whose lines end in paths, the lines whose path is still there. */
static int prune(int root, const char *name, const char *suffix, size_t path_at, struct error *err)
{
	cleanup_free char *path = xasprintf(DATABASE "/info/%s.%s", name, suffix);
	cleanup_buffer struct buffer old = {0}, new = {0};

	if (inside_read(root, path, MIB, &old, err))
		return -1;
	buffer_text(&new, "");
	for (char *rest = old.data, *line; (line = strsep(&rest, "\n"));)
		if (strlen(line) > path_at && inside_exists(root, line + path_at))
			buffer_printf(&new, "%s\n", line);
	return inside_write(root, path, new.data, 0644, err);
}

int kernel_enrol(const char *path, char **ret_name, struct error *err)
{
	cleanup_buffer struct buffer status = {0}, stanza = {0};
	cleanup_fd int root = -1;
	struct span name;

	*ret_name = NULL;
	if (inside_open_root(path, &root, err))
		return -1;
	if (!inside_exists(root, STANZA))
		return 0;
	if (inside_read(root, STATUS, GIB, &status, err) ||
		inside_read(root, STANZA, MIB, &stanza, err))
		return -1;
	if (!control_find(span_of(stanza.data), "Package", &name))
		return error_set(
			err, STATUS_SCRIPT, STANZA ": a script has changed what jeos keeps there");
	buffer_append(&status, stanza.data, stanza.length);
	if (inside_rewrite(root, STATUS, status.data, err))
		return -1;
	if (unlinkat(root, STANZA, 0))
		return error_errno(err, errno, STANZA);
	*ret_name = span_copy(name);
	return 0;
}

int kernel_registered(const char *path, const char *name, struct error *err)
{
	cleanup_free char *list = xasprintf(DATABASE "/info/%s.list", name);
	cleanup_fd int root = -1;

	if (inside_open_root(path, &root, err))
		return -1;
	if (!inside_exists(root, list))
		return 0;
	if (prune(root, name, "list", strlen("/"), err))
		return -1;
	return prune(root, name, "md5sums", 2 * MD5_DIGEST_SIZE + strlen("  "), err);
}
