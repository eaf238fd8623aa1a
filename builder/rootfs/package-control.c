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

static int check_same(
	struct unpacked *package, const char *field, const char *promised, struct error *err)
{
	const char *found = control_get(span_of(package->control), field, &package->arena);

	if (text_equal(found, promised))
		return 0;
	return error_set(err, STATUS_ARCHIVE, "its %s is `%s`, but the index says `%s`", field,
		found ? found : "", promised);
}

static int odd(const char *what, struct span line, struct error *err)
{
	const char *colon = memchr(line.at, ':', line.length);
	int length = colon ? colon - line.at : (int)line.length;

	return error_set(
		err, STATUS_ARCHIVE, "%s in its control file: `%.*s`", what, length, line.at);
}

/* The first line of a field: a name that dpkg takes, of no other field above. */
static int check_field(struct span above, struct span line, struct error *err)
{
	struct control_field field;
	struct span rest = line, value;

	if (*line.at == '-' || *line.at == ':' || !control_next_field(&rest, &field) ||
		memchr(field.name.at, ' ', field.name.length) ||
		memchr(field.name.at, '\t', field.name.length))
		return odd("a line that is no field", line, err);
	cleanup_free char *name = span_copy(field.name);
	for (size_t i = 0; i < array_count(forbidden); i++)
		if (!strcasecmp(name, forbidden[i]))
			return odd("a field of dpkg's own", line, err);
	return control_find(above, name, &value) ? odd("a field twice", line, err) : 0;
}

static bool is_empty(struct span text)
{
	struct span word;

	return !control_next_word(&text, &word);
}

static int check_fields(const char *control, struct error *err)
{
	struct span rest = span_of(control), line;

	while (control_next_line(&rest, &line)) {
		const struct span above = {control, line.at - control};
		if (is_empty(line) && is_empty(rest))
			return 0;
		if (is_empty(line))
			return error_set(err, STATUS_ARCHIVE, "an empty line in its control file");
		bool continued = *line.at == ' ' || *line.at == '\t';
		if (continued && !above.length)
			return odd("no field", line, err);
		if (!continued && check_field(above, line, err))
			return -1;
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
	const char *multi_arch =
		control_get(span_of(package->control), "Multi-Arch", &package->arena);
	package->multi_arch_same = text_equal(multi_arch, "same");
	package->replaces = control_get(span_of(package->control), "Replaces", &package->arena);
	package->provides = control_get(span_of(package->control), "Provides", &package->arena);
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
			if (span_equal(wanted.name, name) &&
				(!wanted.relation || satisfies(version, &wanted)))
				return true;
	return false;
}

static void add_class(
	struct unpacked *package, const char *field, bool knows_index, struct buffer *text)
{
	const char *value = NULL;

	if (knows_index)
		value = control_get(span_of(package->package->control), field, &package->arena);
	if (!value)
		value = control_get(span_of(package->control), field, &package->arena);
	if (value)
		buffer_printf(text, "%s: %s\n", field, value);
}

void control_status(struct unpacked *package, bool knows_index, struct buffer *text)
{
	struct span rest = span_of(package->control);
	struct control_field field;

	buffer_printf(text, "Package: %s\nStatus: install ok unpacked\n", package->package->name);
	add_class(package, "Priority", knows_index, text);
	add_class(package, "Section", knows_index, text);
	while (control_next_field(&rest, &field)) {
		if (span_equal_nocase(field.name, "Package") ||
			span_equal_nocase(field.name, "Priority") ||
			span_equal_nocase(field.name, "Section"))
			continue;
		buffer_append(
			text, field.name.at, field.value.at + field.value.length - field.name.at);
		buffer_text(text, "\n");
	}
	if (package->states.count)
		buffer_text(text, "Conffiles:\n");
	for (size_t i = 0; i < package->states.count; i++)
		buffer_printf(text, " %s\n", package->states.items[i]);
	buffer_text(text, "\n");
}
