#include "archive/apt-sources.h"

#include <fcntl.h>
#include <glob.h>
#include <string.h>

#include "archive/control.h"
#include "base/cleanup.h"
#include "base/file.h"

enum { SOURCES_LIMIT = 1 << 20 };

/* The options and words of one entry, whichever form it has. */
struct entry {
	struct span types, uris, suites, components, signed_by;
	bool disabled;
};

static bool is_fetchable(const char *uri)
{
	return text_starts(uri, "http://") || text_starts(uri, "https://") ||
	       text_starts(uri, "file:/");
}

static void add_entry(const struct entry *entry, struct arena *arena, struct apt_sources *sources)
{
	struct span uris = entry->uris, uri, suite;

	if (entry->disabled || !span_has_word(entry->types, "deb") ||
		!span_has_word(entry->components, "main"))
		return;
	while (control_next_word(&uris, &uri)) {
		struct span suites = entry->suites;
		while (uri.length > 1 && uri.at[uri.length - 1] == '/')
			uri.length--;
		const char *address = span_keep(uri, arena);
		while (is_fetchable(address) && control_next_word(&suites, &suite)) {
			struct apt_source *source = vector_add(sources);
			source->uri = address;
			source->suite = span_keep(suite, arena);
			/* A key may also stand there itself: many lines, no path. */
			if (entry->signed_by.length && *entry->signed_by.at == '/')
				source->signed_by = span_keep(entry->signed_by, arena);
		}
	}
}

/* `signed-by=PATH` among the options between brackets. */
static struct span signed_by_option(struct span options)
{
	static const char name[] = "signed-by=";
	struct span word;

	while (control_next_word(&options, &word))
		if (word.length > sizeof(name) && !memcmp(word.at, name, sizeof(name) - 1))
			return (struct span){
				word.at + sizeof(name) - 1, word.length - (sizeof(name) - 1)};
	return (struct span){0};
}

/* `deb [option=value ...] URI SUITE COMPONENT...` */
static void add_line(struct span line, struct arena *arena, struct apt_sources *sources)
{
	const char *comment = memchr(line.at, '#', line.length);
	struct entry entry = {0};

	if (comment)
		line.length = comment - line.at;
	if (!control_next_word(&line, &entry.types))
		return;
	const char *open = memchr(line.at, '[', line.length);
	const char *close = memchr(line.at, ']', line.length);
	if (open && close && strspn(line.at, " \t") == (size_t)(open - line.at)) {
		entry.signed_by = signed_by_option((struct span){open + 1, close - open - 1});
		line.length -= close + 1 - line.at;
		line.at = close + 1;
	}
	if (!control_next_word(&line, &entry.uris) || !control_next_word(&line, &entry.suites))
		return;
	entry.components = line;
	add_entry(&entry, arena, sources);
}

static void add_stanza(struct span stanza, struct arena *arena, struct apt_sources *sources)
{
	struct entry entry = {0};
	struct span enabled;

	entry.disabled = control_find(stanza, "Enabled", &enabled) &&
			 (span_equal_nocase(enabled, "no") || span_equal_nocase(enabled, "false"));
	if (!control_find(stanza, "Types", &entry.types) ||
		!control_find(stanza, "URIs", &entry.uris) ||
		!control_find(stanza, "Suites", &entry.suites) ||
		!control_find(stanza, "Components", &entry.components))
		return;
	control_find(stanza, "Signed-By", &entry.signed_by);
	add_entry(&entry, arena, sources);
}

static void add_file(const char *path, struct arena *arena, struct apt_sources *sources)
{
	cleanup_buffer struct buffer text = {0};
	struct error ignored = {0};
	struct span rest, part;

	if (file_read(AT_FDCWD, path, SOURCES_LIMIT, &text, &ignored)) {
		error_release(&ignored);
		return;
	}
	rest = (struct span){text.data, text.length};
	if (text_ends(path, ".sources"))
		while (control_next_stanza(&rest, &part))
			add_stanza(part, arena, sources);
	else
		while (control_next_line(&rest, &part))
			add_line(part, arena, sources);
}

void apt_sources_read(const char *directory, struct arena *arena, struct apt_sources *ret_sources)
{
	static const char *const patterns[] = {
		"sources.list", "sources.list.d/*.list", "sources.list.d/*.sources"};
	struct apt_sources sources = {0};

	for (size_t i = 0; i < array_count(patterns); i++) {
		cleanup_free char *pattern = xasprintf("%s/%s", directory, patterns[i]);
		glob_t found = {0};
		if (!glob(pattern, 0, NULL, &found))
			for (size_t j = 0; j < found.gl_pathc; j++)
				add_file(found.gl_pathv[j], arena, &sources);
		globfree(&found);
	}
	*ret_sources = sources;
}
