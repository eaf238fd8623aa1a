#include "installed.h"

#include <dirent.h>
#include <string.h>

#include "archive/control.h"
#include "base/cleanup.h"
#include "base/inside.h"

enum { DATABASE_LIMIT = 256 << 20 };

static const char info[] = "var/lib/dpkg/info";
static const char status[] = "var/lib/dpkg/status";

const char *merged_usr_path(const char *path, struct arena *arena)
{
	static const char *const merged[] = {
		"bin/", "sbin/", "lib/", "lib32/", "lib64/", "libx32/", "libo32/"};

	for (size_t i = 0; i < array_count(merged); i++)
		if (text_starts(path, merged[i]))
			return arena_printf(arena, "usr/%s", path);
	return path;
}

static int by_path(const void *a, const void *b)
{
	const struct installed_path *left = a, *right = b;

	return strcmp(left->path, right->path);
}

/* Takes the lines of a text apart, in the arena; NULL behind the last. */
static char *next_line(char **rest)
{
	char *line = strsep(rest, "\n");

	return line && (*line || *rest) ? line : NULL;
}

static char *read_text(
	struct installed *installed, int directory, const char *path, struct error *err)
{
	cleanup_buffer struct buffer content = {0};

	if (inside_read(directory, path, DATABASE_LIMIT, &content, err))
		return NULL;
	return arena_strdup(&installed->arena, content.data);
}

static int read_list(
	struct installed *installed, int directory, const char *name, struct error *err)
{
	char *rest = read_text(installed, directory, name, err);
	char *package = arena_strdup(&installed->arena, name);

	if (!rest)
		return -1;
	package[strlen(name) - strlen(".list")] = '\0';
	for (char *line; (line = next_line(&rest));)
		if (*line == '/')
			vector_push(&installed->paths,
				((struct installed_path){
					merged_usr_path(line + 1, &installed->arena), package}));
	return 0;
}

static int read_lists(struct installed *installed, int root, struct error *err)
{
	int fd;

	if (inside_directory(root, info, &fd, err))
		return -1;
	cleanup_directory DIR *names = fdopendir(fd);
	struct dirent *entry;
	while ((entry = readdir(names)))
		if (text_ends(entry->d_name, ".list") &&
			read_list(installed, fd, entry->d_name, err))
			return -1;
	vector_sort(&installed->paths, by_path);
	return 0;
}

/* Three lines each: from, to, package. */
static int read_diversions(struct installed *installed, int root, struct error *err)
{
	char *rest = read_text(installed, root, "var/lib/dpkg/diversions", err);
	char *from, *to, *package;

	if (!rest)
		return -1;
	while ((from = next_line(&rest)) && (to = next_line(&rest)) && (package = next_line(&rest)))
		vector_push(&installed->diversions,
			((struct diversion){merged_usr_path(from + 1, &installed->arena),
				merged_usr_path(to + 1, &installed->arena), package}));
	return 0;
}

static int read_status(struct installed *installed, int root, struct error *err)
{
	installed->status = read_text(installed, root, status, err);
	return installed->status ? 0 : -1;
}

int installed_read(int root, struct installed *ret_installed, struct error *err)
{
	cleanup_installed struct installed installed = {0};

	if (inside_exists(root, status) &&
		(read_status(&installed, root, err) || read_lists(&installed, root, err) ||
			read_diversions(&installed, root, err)))
		return error_wrap(err, "reading dpkg's database");
	*ret_installed = installed;
	installed = (struct installed){0};
	return 0;
}

void installed_release(struct installed *installed)
{
	vector_release(&installed->paths);
	vector_release(&installed->diversions);
	arena_release(&installed->arena);
}

const struct installed_path *installed_find(const struct installed *installed, const char *path)
{
	size_t low = 0, high = installed->paths.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(installed->paths.items[middle].path, path) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	const struct installed_path *found = installed->paths.items + low;
	return low < installed->paths.count && !strcmp(found->path, path) ? found : NULL;
}

const char *installed_owner(const struct installed *installed, const char *path)
{
	const struct installed_path *found = installed_find(installed, path);

	return found ? found->package : NULL;
}

char *installed_version(const struct installed *installed, const char *package)
{
	cleanup_free char *name = xstrndup(package, strcspn(package, ":"));
	const char *colon = strchr(package, ':');
	struct span rest = span_of(installed->status ? installed->status : ""), stanza, found;

	while (control_next_stanza(&rest, &stanza))
		if (control_find(stanza, "Package", &found) && span_equal(found, name) &&
			(!colon || (control_find(stanza, "Architecture", &found) &&
					   span_equal(found, colon + 1))))
			return control_find(stanza, "Version", &found) ? span_copy(found) : NULL;
	return NULL;
}

const char *installed_divert(
	const struct installed *installed, const char *path, const char *package)
{
	vector_for_each (diversion, &installed->diversions)
		if (!strcmp(diversion->from, path) && strcmp(diversion->package, package))
			return diversion->to;
	return path;
}

int installed_shed(int root, const char *package, const char *path, struct error *err)
{
	cleanup_free char *name = xasprintf("%s/%s.list", info, package);
	cleanup_buffer struct buffer old = {0}, new = {0};
	struct arena arena = {0};

	if (inside_read(root, name, DATABASE_LIMIT, &old, err))
		return -1;
	char *rest = old.data;
	for (char *line; (line = next_line(&rest));)
		if (strcmp(merged_usr_path(line + 1, &arena), path))
			buffer_printf(&new, "%s\n", line);
	arena_release(&arena);
	buffer_text(&new, "");
	return inside_write_data(root, name, new.data, new.length, 0644, err);
}
