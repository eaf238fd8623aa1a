#include "package-control.h"

#include <solv/evr.h>
#include <solv/pool.h>
#include <string.h>
#include <strings.h>

#include "archive/dependency.h"
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

/* dpkg allows blanks before the colon. */
static bool is_field(const char *line, const char *field)
{
	size_t length = strlen(field);

	return !strncasecmp(line, field, length) &&
	       line[length + strspn(line + length, " \t")] == ':';
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
		const char *value = strchr(line, ':') + 1, *end = field_end(line);
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

static int check_same(
	struct unpacked *package, const char *field, const char *promised, struct error *err)
{
	const char *found = control_field(package->control, field, &package->arena);

	if (text_equal(found, promised))
		return 0;
	return error_set(err, STATUS_ARCHIVE, "its %s is `%s`, but the index says `%s`", field,
		found ? found : "", promised);
}

static int odd(const char *what, const char *line, struct error *err)
{
	return error_set(err, STATUS_ARCHIVE, "%s in its control file: `%.*s`", what,
		(int)strcspn(line, "\n:"), line);
}

/* One field, from `line` on: a name that dpkg takes, of no other field above. */
static int check_field(const char *control, const char *line, struct error *err)
{
	size_t length = strcspn(line, " \t\r\n:");
	cleanup_free char *name = xstrndup(line, length);

	if (!length || *line == '-' || !is_field(line, name))
		return odd("a line that is no field", line, err);
	for (size_t i = 0; i < array_count(forbidden); i++)
		if (!strcasecmp(name, forbidden[i]))
			return odd("a field of dpkg's own", line, err);
	for (const char *above = control; above < line; above = field_end(above))
		if (is_field(above, name))
			return odd("a field twice", line, err);
	return 0;
}

static int check_fields(const char *control, struct error *err)
{
	for (const char *line = control; *line; line = next_line(line)) {
		size_t blanks = strspn(line, " \t\r");
		if (blanks == strcspn(line, "\n")) {
			if (line[strspn(line, " \t\r\n")])
				return error_set(
					err, STATUS_ARCHIVE, "an empty line in its control file");
			return 0;
		}
		if ((*line == ' ' || *line == '\t') ? line == control
						    : check_field(control, line, err))
			return err->message ? -1 : odd("no field", line, err);
	}
	return 0;
}

/* Names become names of files. */
static bool is_plain(const char *name)
{
	return *name && *name != '.' && !strpbrk(name, "/ \t\n");
}

int control_check(struct unpacked *package, struct error *err)
{
	const struct package *about = package->package;

	if (!is_plain(about->name) || !is_plain(about->architecture))
		return error_set(err, STATUS_ARCHIVE, "a package may not have that name");
	if (check_fields(package->control, err) ||
		check_same(package, "Package", about->name, err) ||
		check_same(package, "Version", about->version, err) ||
		check_same(package, "Architecture", about->architecture, err))
		return -1;
	const char *multi_arch = control_field(package->control, "Multi-Arch", &package->arena);
	package->multi_arch_same = text_equal(multi_arch, "same");
	package->replaces = control_field(package->control, "Replaces", &package->arena);
	return 0;
}

static bool satisfies(const char *version, const struct dependency *wanted)
{
	cleanup_free char *limit = span_copy(wanted->version);
	Pool *pool = pool_create();

	pool_setdisttype(pool, DISTTYPE_DEB);
	int order = pool_evrcmp_str(pool, version, limit, EVRCMP_COMPARE);
	pool_free(pool);
	return wanted->relation & (order < 0          ? DEPENDENCY_LESS
					  : order > 0 ? DEPENDENCY_GREATER
						      : DEPENDENCY_EQUAL);
}

bool control_replaces(const struct unpacked *package, const char *name, const char *version)
{
	struct span rest = span_of(package->replaces ? package->replaces : ""), group;
	struct dependency wanted;

	while (dependency_next_group(&rest, &group))
		while (dependency_next_alternative(&group, &wanted))
			if (span_equal(wanted.name, name))
				return !wanted.relation || !version || satisfies(version, &wanted);
	return false;
}

static void add_class(
	struct unpacked *package, const char *field, bool knows_index, struct buffer *text)
{
	const char *value = NULL;

	if (knows_index)
		value = control_field(package->package->control, field, &package->arena);
	if (!value)
		value = control_field(package->control, field, &package->arena);
	if (value)
		buffer_printf(text, "%s: %s\n", field, value);
}

void control_status(struct unpacked *package, bool knows_index, struct buffer *text)
{
	buffer_printf(text, "Package: %s\nStatus: install ok unpacked\n", package->package->name);
	add_class(package, "Priority", knows_index, text);
	add_class(package, "Section", knows_index, text);
	for (const char *line = package->control, *end; *line && *line != '\n'; line = end) {
		end = field_end(line);
		if (is_field(line, "Package") || is_field(line, "Priority") ||
			is_field(line, "Section"))
			continue;
		buffer_append(text, line, end - line);
		if (end[-1] != '\n')
			buffer_text(text, "\n");
	}
	if (package->states.count)
		buffer_text(text, "Conffiles:\n");
	for (size_t i = 0; i < package->states.count; i++)
		buffer_printf(text, " %s\n", package->states.items[i]);
	buffer_text(text, "\n");
}
