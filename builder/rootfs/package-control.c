#include "package-control.h"

#include <string.h>
#include <strings.h>

#include "base/cleanup.h"

/* Fields that only dpkg itself may write. */
static const char *const forbidden[] = {"Status", "Conffiles", "Config-Version", "Triggers-Awaited",
	"Triggers-Pending", "Filename", "MD5sum", "SHA256"};

/* Where the line after the one at `line` begins. */
static const char *next_line(const char *line)
{
	line += strcspn(line, "\n");
	return *line ? line + 1 : line;
}

static bool is_field(const char *line, const char *field)
{
	size_t length = strlen(field);

	return !strncasecmp(line, field, length) && line[length] == ':';
}

/* The end of the field that begins at `line`: behind its continuation lines. */
static const char *field_end(const char *line)
{
	do
		line = next_line(line);
	while (*line == ' ' || *line == '\t');
	return line;
}

const char *control_field(const char *control, const char *field, struct arena *arena)
{
	for (const char *line = control; *line; line = field_end(line)) {
		if (!is_field(line, field))
			continue;
		const char *value = line + strlen(field) + 1, *end = field_end(line);
		while (*value == ' ' || *value == '\t')
			value++;
		while (end > value && strchr("\n\t ", end[-1]))
			end--;
		char *copy = arena_alloc(arena, end - value + 1);
		memcpy(copy, value, end - value);
		return copy;
	}
	return NULL;
}

/* The names of a relation field, without versions: "a (<< 1), b:any" -> a, b. */
static void read_names(const char *relation, struct arena *arena, struct words *ret_names)
{
	char *rest = relation ? arena_strdup(arena, relation) : NULL;

	for (char *item; (item = strsep(&rest, ",|"));) {
		item += strspn(item, " \t\n");
		item[strcspn(item, " \t\n(:[<")] = '\0';
		if (*item)
			vector_push(ret_names, item);
	}
}

static int check_same(
	struct unpacked *package, const char *field, const char *promised, struct error *err)
{
	const char *found = control_field(package->control, field, &package->arena);

	if (text_equal(found, promised))
		return 0;
	return error_set(err, STATUS_ARCHIVE, "its %s is `%s`, but the index says `%s`", field,
		found ? found : "", promised);
}

int control_check(struct unpacked *package, struct error *err)
{
	const char *control = package->control;

	for (const char *line = control; *line; line = next_line(line)) {
		bool blank = strspn(line, " \t\r") == strcspn(line, "\n");
		if (blank && line[strspn(line, " \t\r\n")])
			return error_set(err, STATUS_ARCHIVE, "an empty line in its control file");
		for (size_t i = 0; i < array_count(forbidden); i++)
			if (is_field(line, forbidden[i]))
				return error_set(err, STATUS_ARCHIVE,
					"the field %s in its control file", forbidden[i]);
	}
	if (check_same(package, "Package", package->package->name, err) ||
		check_same(package, "Version", package->package->version, err) ||
		check_same(package, "Architecture", package->package->architecture, err))
		return -1;
	const char *multi_arch = control_field(control, "Multi-Arch", &package->arena);
	package->multi_arch_same = text_equal(multi_arch, "same");
	read_names(control_field(control, "Replaces", &package->arena), &package->arena,
		&package->replaces);
	return 0;
}

/* Priority and section are the archive's to decide: the index overrides the package. */
static void add_override(struct unpacked *package, const char *field, struct buffer *text)
{
	const char *value = control_field(package->package->control, field, &package->arena);

	if (!value)
		value = control_field(package->control, field, &package->arena);
	if (value)
		buffer_printf(text, "%s: %s\n", field, value);
}

void control_status(struct unpacked *package, struct buffer *text)
{
	buffer_printf(text, "Package: %s\nStatus: install ok unpacked\n", package->package->name);
	add_override(package, "Priority", text);
	add_override(package, "Section", text);
	for (const char *line = package->control, *end; *line && *line != '\n'; line = end) {
		end = field_end(line);
		if (is_field(line, "Package") || is_field(line, "Priority") ||
			is_field(line, "Section"))
			continue;
		buffer_append(text, line, end - line);
		if (end[-1] != '\n')
			buffer_text(text, "\n");
	}
	if (package->conffiles.count)
		buffer_text(text, "Conffiles:\n");
	for (size_t i = 0; i < package->conffiles.count; i++)
		buffer_printf(text, " /%s newconffile\n", package->conffiles.items[i]);
	buffer_text(text, "\n");
}
