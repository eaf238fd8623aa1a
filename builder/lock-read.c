#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/size.h"
#include "lock.h"

enum { LOCK_LIMIT = 16 * MIB, COLUMNS = 9, COLUMNS_MOST = 10 };

struct reader {
	struct lock *lock;
	struct position at;
	struct buffer sources;
};

static int misread(const struct reader *reader, const char *why, struct error *err)
{
	return error_set(err, STATUS_RECIPE, "%s:%u: %s; `jeos lock --update` writes it anew",
		reader->at.file, reader->at.line, why);
}

/* Takes the columns of a package off the line; false when there are too many or too few. */
static bool split(struct span line, struct arena *arena, const char *ret_columns[COLUMNS_MOST])
{
	struct span word;
	size_t count = 0;

	ret_columns[COLUMNS] = NULL;
	while (control_next_word(&line, &word)) {
		if (count == COLUMNS_MOST)
			return false;
		ret_columns[count++] = span_keep(word, arena);
	}
	return count >= COLUMNS;
}

/* What the archive's index says beside the package itself. */
static const char *stanza(const struct package *package, const char *section, const char *priority,
	struct arena *arena)
{
	struct buffer text = {0};

	buffer_printf(&text, "Package: %s\nVersion: %s\nArchitecture: %s", package->name,
		package->version, package->architecture);
	if (strcmp(section, "-"))
		buffer_printf(&text, "\nSection: %s", section);
	if (strcmp(priority, "-"))
		buffer_printf(&text, "\nPriority: %s", priority);
	const char *kept = arena_strdup(arena, text.data);
	buffer_release(&text);
	return kept;
}

/* Names and paths become file names and URLs. */
static int read_package(const struct reader *reader, struct span line, struct package *ret_package,
	struct error *err)
{
	struct arena *arena = &reader->lock->arena;
	const char *columns[COLUMNS_MOST];

	if (!split(line, arena, columns))
		return misread(reader, "a package has nine words, or ten", err);
	struct package package = {
		.name = columns[0],
		.version = columns[1],
		.architecture = columns[2],
		.sha256 = columns[3],
		.suite = columns[5],
		.path = columns[8],
		.mirror = columns[COLUMNS],
	};
	if (!hash_valid(package.sha256))
		return misread(reader, "its fourth word is no SHA-256", err);
	if (!span_number(span_of(columns[4]), &package.size) || !package.size)
		return misread(reader, "its fifth word is no size", err);
	if (strpbrk(package.name, "/:") || strchr(package.version, '/') ||
		strchr(package.architecture, '/'))
		return misread(reader, "its name has a slash or colon", err);
	if (*package.path == '/' || strstr(package.path, "..") || strpbrk(package.path, "\\?#%"))
		return misread(reader, "its path leads elsewhere", err);
	package.control = stanza(&package, columns[6], columns[7], arena);
	*ret_package = package;
	return 0;
}

static int read_request(struct reader *reader, struct span line, size_t offset, struct error *err)
{
	(void)offset;
	(void)err;
	vector_push(&reader->lock->requests, span_keep(line, &reader->lock->arena));
	return 0;
}

static int read_date(struct reader *reader, struct span line, size_t offset, struct error *err)
{
	cleanup_free char *text = span_copy(line);
	struct tm time = {0};
	const char *end = strptime(text, LOCK_DATE, &time);

	(void)offset;
	if (!end || *end || time.tm_year < 70)
		return misread(reader, "no date such as 2026-07-11T10:16:37Z", err);
	reader->lock->date = timegm(&time);
	return 0;
}

static int read_source(struct reader *reader, struct span line, size_t offset, struct error *err)
{
	(void)offset;
	(void)err;
	buffer_append(&reader->sources, line.at, line.length);
	buffer_text(&reader->sources, "\n");
	return 0;
}

static int read_listed(struct reader *reader, struct span line, size_t offset, struct error *err)
{
	struct package_list *list = (void *)((char *)reader->lock + offset);
	struct package package;

	if (read_package(reader, line, &package, err))
		return -1;
	vector_push(list, package);
	return 0;
}

static int read_single(struct reader *reader, struct span line, size_t offset, struct error *err)
{
	return read_package(reader, line, (void *)((char *)reader->lock + offset), err);
}

static const struct {
	const char *word;
	int (*read)(struct reader *reader, struct span line, size_t offset, struct error *err);
	size_t offset; /* of what is read in the lock */
} lines[] = {
	{"recipe", read_request, 0},
	{"date", read_date, 0},
	{"source", read_source, 0},
	{"base", read_listed, offsetof(struct lock, base)},
	{"add", read_listed, offsetof(struct lock, add)},
	{"kernel", read_single, offsetof(struct lock, kernel)},
	{"part", read_listed, offsetof(struct lock, parts)},
	{"tool", read_listed, offsetof(struct lock, tools)},
	{"busybox", read_single, offsetof(struct lock, busybox)},
	{"uefi", read_single, offsetof(struct lock, uefi)},
};

static int read_line(struct reader *reader, struct span line, struct error *err)
{
	struct span word;

	if (!line.length || *line.at == '#')
		return 0;
	if (!control_next_word(&line, &word))
		return misread(reader, "a line of blanks", err);
	/* The blank behind the word. */
	line.at += line.length > 0;
	line.length -= line.length > 0;
	for (size_t i = 0; i < array_count(lines); i++)
		if (span_equal(word, lines[i].word))
			return lines[i].read(reader, line, lines[i].offset, err);
	cleanup_free char *why = xasprintf(
		"unknown word `%.*s`", (int)word.length > 64 ? 64 : (int)word.length, word.at);
	return misread(reader, why, err);
}

static int read_lines(struct reader *reader, struct span text, struct error *err)
{
	struct span line;
	bool begun = false;

	while (control_next_line(&text, &line)) {
		reader->at.line++;
		if (!begun && line.length && *line.at != '#') {
			if (!span_equal(line, "jeos-lock 1"))
				return misread(reader, "no lock of this version of jeos", err);
			begun = true;
		} else if (read_line(reader, line, err)) {
			return -1;
		}
	}
	const struct lock *lock = reader->lock;
	if (!lock->date || !lock->base.count || !lock->kernel.name != !lock->busybox.name)
		return misread(reader, "the lock is not complete", err);
	return 0;
}

static int check_list(struct reader *reader, struct package_list *list, struct error *err)
{
	package_list_sort(list);
	for (size_t i = 1; i < list->count; i++) {
		const struct package *package = &list->items[i];
		if (!strcmp(package[-1].name, package->name) &&
			!strcmp(package[-1].architecture, package->architecture))
			return error_set(err, STATUS_RECIPE,
				"%s: two packages `%s` of %s; `jeos lock --update` writes it anew",
				reader->lock->path, package->name, package->architecture);
	}
	return 0;
}

int lock_parse(const char *path, struct span text, struct lock **ret_lock, struct error *err)
{
	cleanup_lock struct lock *lock = xcalloc(1, sizeof(*lock));

	lock->path = arena_strdup(&lock->arena, path);
	struct reader reader = {.lock = lock, .at = {.file = lock->path}};
	buffer_text(&reader.sources, "");
	int result = read_lines(&reader, text, err);
	lock->sources_list = arena_strdup(&lock->arena, reader.sources.data);
	buffer_release(&reader.sources);
	if (result || check_list(&reader, &lock->base, err) ||
		check_list(&reader, &lock->add, err) || check_list(&reader, &lock->parts, err) ||
		check_list(&reader, &lock->tools, err))
		return -1;
	*ret_lock = steal_pointer(&lock);
	return 0;
}

int lock_read(const char *path, struct lock **ret_lock, struct error *err)
{
	cleanup_buffer struct buffer text = {0};

	if (!file_read(AT_FDCWD, path, LOCK_LIMIT, &text, err))
		return lock_parse(path, (struct span){text.data, text.length}, ret_lock, err);
	err->status = STATUS_RECIPE;
	return -1;
}
