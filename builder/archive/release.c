#include "archive/release.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/hash.h"
#include "base/text.h"

/* "Sat, 11 Jul 2026 10:16:37 UTC" (or "+0000"): always UTC, always English. */
static bool parse_date(const char *text, uint64_t *ret_seconds)
{
	struct tm time = {0};
	const char *zone = strptime(text, "%a, %d %b %Y %H:%M:%S ", &time);

	if (!zone || (strcmp(zone, "UTC") && strcmp(zone, "GMT") && strcmp(zone, "+0000")))
		return false;
	time_t seconds = timegm(&time);
	if (seconds < 0)
		return false;
	*ret_seconds = seconds;
	return true;
}

static int take_date(struct span text, const char *field, struct arena *arena,
	uint64_t *ret_seconds, struct error *err)
{
	const char *value = control_get(text, field, arena);

	if (value && !parse_date(value, ret_seconds))
		return error_set(err, STATUS_ARCHIVE, "%s `%s` is no date in UTC", field, value);
	return 0;
}

int release_parse(
	struct span text, struct arena *arena, struct release *ret_release, struct error *err)
{
	struct release release = {
		.origin = control_get(text, "Origin", arena),
		.suite = control_get(text, "Suite", arena),
		.codename = control_get(text, "Codename", arena),
		.architectures = control_get(text, "Architectures", arena),
		.components = control_get(text, "Components", arena),
	};
	struct span value;

	if (take_date(text, "Date", arena, &release.date, err) ||
		take_date(text, "Valid-Until", arena, &release.valid_until, err))
		return -1;
	if (!release.architectures)
		release.architectures = "";
	if (!release.components)
		release.components = "";
	if (!release.date)
		return error_set(err, STATUS_ARCHIVE, "it has no Date");
	if (!control_find(text, "SHA256", &release.files))
		return error_set(err, STATUS_ARCHIVE, "it lists no SHA256 hashes");
	release.by_hash =
		control_find(text, "Acquire-By-Hash", &value) && span_equal_nocase(value, "yes");
	release.all_apart = span_has_word(span_of(release.architectures), "all") &&
			    !(control_find(text, "No-Support-for-Architecture-all", &value) &&
				    span_equal(value, "Packages"));
	*ret_release = release;
	return 0;
}

int release_check(const struct release *release, const char *suite, uint64_t now, struct error *err)
{
	time_t until = release->valid_until;
	struct tm time;
	char date[64];

	if (!text_equal(release->suite, suite) && !text_equal(release->codename, suite))
		return error_set(err, STATUS_ARCHIVE,
			"it is of suite `%s`, codename `%s`, not of `%s`",
			release->suite ? release->suite : "",
			release->codename ? release->codename : "", suite);
	if (!until || now <= release->valid_until)
		return 0;
	strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S UTC", gmtime_r(&until, &time));
	return error_set(err, STATUS_ARCHIVE,
		"it expired on %s; the mirror is no longer updated, or this clock is wrong", date);
}

/* " HASH SIZE PATH" */
static bool parse_file(struct span line, const char *path, struct release_file *ret_file)
{
	struct span hash, size, name;
	struct release_file file = {0};

	if (!control_next_word(&line, &hash) || !control_next_word(&line, &size) ||
		!control_next_word(&line, &name) || !span_equal(name, path) ||
		hash.length != sizeof(file.sha256) - 1)
		return false;
	memcpy(file.sha256, hash.at, hash.length);
	if (!hash_valid(file.sha256) || !span_number(size, &file.size))
		return false;
	*ret_file = file;
	return true;
}

bool release_find(const struct release *release, const char *path, struct release_file *ret_file)
{
	struct span rest = release->files, line;

	while (control_next_line(&rest, &line))
		if (parse_file(line, path, ret_file))
			return true;
	return false;
}
