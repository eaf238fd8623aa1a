#include "package-triggers.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/inside.h"
#include "package-database.h"

enum { TRIGGERS_LIMIT = 16 << 20 };

/* The directory triggers/ and what will be written to two of its files. */
struct triggers {
	int directory;
	struct buffer files;     /* File: "PATH PACKAGE[/noawait]" for each interest in a path */
	struct buffer activated; /* Unincorp: "TRIGGER -" for each activation */
};

static int read_file(int directory, const char *name, struct buffer *ret_content, struct error *err)
{
	if (!inside_exists(directory, name))
		return 0;
	return inside_read(directory, name, TRIGGERS_LIMIT, ret_content, err);
}

/* An interest in a trigger by name is kept in a file of that name. */
static int add_named_interest(struct triggers *triggers, const char *trigger, const char *package,
	const char *suffix, struct error *err)
{
	cleanup_buffer struct buffer packages = {0};

	if (strchr(trigger, '/') || !*trigger || *trigger == '.')
		return error_set(
			err, STATUS_ARCHIVE, "%s: odd trigger name `%s`", package, trigger);
	if (read_file(triggers->directory, trigger, &packages, err))
		return -1;
	buffer_printf(&packages, "%s%s\n", package, suffix);
	return inside_write_data(
		triggers->directory, trigger, packages.data, packages.length, 0644, err);
}

/* One directive of a `triggers` control member: interest[-await|-noawait], activate[-...]. */
static int add_directive(
	struct triggers *triggers, char *line, const char *package, struct error *err)
{
	char *trigger = line, *word = strsep(&trigger, " \t");

	if (!trigger)
		return 0;
	trigger += strspn(trigger, " \t");
	trigger[strcspn(trigger, " \t")] = '\0';
	if (text_starts(word, "activate"))
		buffer_printf(&triggers->activated, "%s -\n", trigger);
	if (!text_starts(word, "interest"))
		return 0;
	const char *suffix = !strcmp(word, "interest-noawait") ? "/noawait" : "";
	if (*trigger != '/')
		return add_named_interest(triggers, trigger, package, suffix, err);
	buffer_printf(&triggers->files, "%s %s%s\n", trigger, package, suffix);
	return 0;
}

static int add_package(struct triggers *triggers, const struct unpacked *package, struct error *err)
{
	const struct unpacked_member *member = unpacked_member(package, "triggers");
	cleanup_free char *name = package_database_name(package);
	cleanup_free char *copy = xstrdup(member ? member->data : "");
	char *rest = copy;

	for (char *line; (line = strsep(&rest, "\n"));) {
		line[strcspn(line, "#")] = '\0';
		line += strspn(line, " \t");
		if (*line && add_directive(triggers, line, name, err))
			return -1;
	}
	return 0;
}

/* Whether any unpacked path is, or lies below, the one of interest ("/usr/share/man"). */
static bool is_touched(const struct unpack *unpack, const char *interest)
{
	size_t length = strlen(interest);

	for (size_t i = 0; i < unpack->count; i++)
		vector_for_each (entry, &unpack->packages[i].paths)
			if (!strncmp(entry->path, interest + 1, length - 1) &&
				(entry->path[length - 1] == '/' || !entry->path[length - 1]))
				return true;
	return false;
}

/* Interests in paths that were there before: the new packages' files may activate them. */
static void activate_paths(
	struct triggers *triggers, const struct unpack *unpack, const char *interests)
{
	cleanup_free char *copy = xstrdup(interests ? interests : "");
	char *rest = copy;

	for (char *line; (line = strsep(&rest, "\n"));) {
		line[strcspn(line, " ")] = '\0';
		if (*line == '/' && is_touched(unpack, line))
			buffer_printf(&triggers->activated, "%s -\n", line);
	}
}

static int write_all(struct triggers *triggers, struct unpack *unpack, struct error *err)
{
	if (read_file(triggers->directory, "File", &triggers->files, err))
		return -1;
	activate_paths(triggers, unpack, triggers->files.data);
	for (size_t i = 0; i < unpack->count; i++)
		if (!unpack->packages[i].left_to_dpkg &&
			add_package(triggers, &unpack->packages[i], err))
			return -1;
	if (inside_write_data(triggers->directory, "File", triggers->files.data,
		    triggers->files.length, 0644, err))
		return -1;
	return inside_write_data(triggers->directory, "Unincorp", triggers->activated.data,
		triggers->activated.length, 0644, err);
}

int triggers_write(struct unpack *unpack, int database, struct error *err)
{
	cleanup_fd int directory = -1;

	if (inside_directory(database, "triggers", &directory, err))
		return -1;
	struct triggers triggers = {.directory = directory};
	int result = write_all(&triggers, unpack, err);
	buffer_release(&triggers.files);
	buffer_release(&triggers.activated);
	return result;
}
