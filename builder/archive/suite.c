#include "archive/suite.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <string.h>

#include "archive/control.h"
#include "base/cleanup.h"
#include "base/file.h"

enum { SCRIPT_LIMIT = 1 << 20, CASES_DEEP = 8 };

/* A `case $WORD in` that is being read. */
struct shell_case {
	const char *value; /* of $WORD; NULL: not known, no branch is taken */
	bool taken;        /* a branch has matched */
	bool active;       /* the lines being read are that branch */
};

struct script {
	const char *suite, *architecture;
	struct shell_case cases[CASES_DEEP];
	size_t depth;
	struct suite *result;
	struct arena *arena;
};

/* Whether the first word is `word`; then it is taken off. */
static bool take(struct span *line, const char *word)
{
	struct span rest = *line, first;

	if (!control_next_word(&rest, &first) || !span_equal(first, word))
		return false;
	*line = rest;
	return true;
}

static void open_case(struct script *script, struct span line)
{
	struct shell_case opened = {0};
	struct span word;

	if (control_next_word(&line, &word) && span_equal(word, "$ARCH"))
		opened.value = script->architecture;
	else if (span_equal(word, "$SUITE"))
		opened.value = script->suite;
	if (script->depth < CASES_DEEP)
		script->cases[script->depth++] = opened;
}

/* Takes `a|b|c)` off the line when it begins a branch of the innermost case. */
static void begin_branch(struct script *script, struct span *line)
{
	struct shell_case *innermost = &script->cases[script->depth - 1];
	const char *end = memchr(line->at, ')', line->length);

	if (innermost->active || !end)
		return;
	cleanup_free char *patterns = xstrndup(line->at, end - line->at);
	for (char *rest = patterns, *pattern; (pattern = strsep(&rest, "|"));) {
		pattern += strspn(pattern, " \t");
		if (!innermost->taken && innermost->value && !fnmatch(pattern, innermost->value, 0))
			innermost->taken = innermost->active = true;
	}
	line->length -= end + 1 - line->at;
	line->at = end + 1;
}

static bool all_active(const struct script *script)
{
	for (size_t i = 0; i < script->depth; i++)
		if (!script->cases[i].active)
			return false;
	return true;
}

static const char *take_argument(const struct script *script, struct span line)
{
	struct span word;

	if (!control_next_word(&line, &word))
		return NULL;
	while (word.length > 1 && word.at[word.length - 1] == '/')
		word.length--;
	return span_keep(word, script->arena);
}

static void read_line(struct script *script, struct span line)
{
	if (take(&line, "case")) {
		open_case(script, line);
		return;
	}
	if (script->depth && take(&line, "esac")) {
		script->depth--;
		return;
	}
	if (script->depth)
		begin_branch(script, &line);
	if (script->depth && take(&line, ";;"))
		script->cases[script->depth - 1].active = false;
	else if (all_active(script) && take(&line, "default_mirror"))
		script->result->default_mirror = take_argument(script, line);
	else if (all_active(script) && take(&line, "keyring"))
		script->result->keyring = take_argument(script, line);
}

static int read_script(const char *path, struct script *script, struct error *err)
{
	cleanup_buffer struct buffer text = {0};
	struct span rest, line;

	if (file_read(AT_FDCWD, path, SCRIPT_LIMIT, &text, err))
		return -1;
	rest = (struct span){text.data, text.length};
	while (control_next_line(&rest, &line))
		read_line(script, line);
	return 0;
}

/* Debian's own suite scripts name no mirror: the program's text holds it. */
static const char *program_default_mirror(struct arena *arena, struct error *err)
{
	static const char assignment[] = "DEF_MIRROR=\"";
	cleanup_free char *program = program_find("debootstrap");
	cleanup_buffer struct buffer text = {0};
	struct span rest, line;

	if (!program) {
		error_set(err, STATUS_MISSING,
			"debootstrap: program not found; install the package debootstrap");
		return NULL;
	}
	if (file_read(AT_FDCWD, program, SCRIPT_LIMIT, &text, err))
		return NULL;
	rest = (struct span){text.data, text.length};
	while (control_next_line(&rest, &line)) {
		if (line.length < sizeof(assignment) ||
			memcmp(line.at, assignment, sizeof(assignment) - 1))
			continue;
		struct span value = {
			line.at + sizeof(assignment) - 1, line.length - sizeof(assignment)};
		return span_keep(value, arena);
	}
	error_set(err, STATUS_MISSING, "%s names no default mirror; set `mirror:` in the recipe",
		program);
	return NULL;
}

/* Whether a script's name is a suite's: not a part of others, nor a variant (`hoary.buildd`). */
static bool is_suite(const char *name)
{
	return !strchr(name, '.') && strcmp(name, "debian-common");
}

/* The suites that have a script. */
static int list_suites(
	const char *directory, struct arena *arena, struct words *ret_names, struct error *err)
{
	cleanup_directory DIR *stream = opendir(directory);
	struct words names = {0};
	struct dirent *entry;

	if (!stream)
		return error_set(err, STATUS_MISSING, "%s: %s; install the package debootstrap",
			directory, strerror(errno));
	while ((entry = readdir(stream)))
		if (is_suite(entry->d_name))
			vector_push(&names, arena_strdup(arena, entry->d_name));
	*ret_names = names;
	return 0;
}

static char *scripts_directory(void)
{
	const char *top = getenv("DEBOOTSTRAP_DIR");

	return xasprintf("%s/scripts", top && *top ? top : "/usr/share/debootstrap");
}

char *suite_script(const char *suite)
{
	static const char *const younger[] = {"forky", "duke"};
	cleanup_free char *directory = scripts_directory();
	cleanup_free char *path = xasprintf("%s/%s", directory, suite);

	if (is_suite(suite) && file_exists(AT_FDCWD, path))
		return steal_pointer(&path);
	for (size_t i = 0; i < array_count(younger); i++)
		if (!strcmp(younger[i], suite))
			return xasprintf("%s/sid", directory);
	return NULL;
}

static int unknown_suite(struct word suite, struct arena *arena, struct error *err)
{
	cleanup_free char *directory = scripts_directory();
	struct words names = {0};

	if (list_suites(directory, arena, &names, err))
		return -1;
	const char *nearest = text_nearest(suite.text, names.items, names.count);
	vector_release(&names);
	return error_at(err, suite.at, "unknown suite `%s`%s%s%s: debootstrap has no script for it",
		suite.text, nearest ? "; did you mean `" : "", nearest ? nearest : "",
		nearest ? "`?" : "");
}

int suite_find(struct word suite, const char *architecture, struct arena *arena,
	struct suite *ret_suite, struct error *err)
{
	cleanup_free char *path = suite_script(suite.text);
	struct suite found = {.name = suite.text};
	struct script script = {suite.text, architecture, {{0}}, 0, &found, arena};

	if (path ? read_script(path, &script, err) : unknown_suite(suite, arena, err))
		return -1;
	if (!found.default_mirror)
		found.default_mirror = program_default_mirror(arena, err);
	if (!found.default_mirror)
		return -1;
	*ret_suite = found;
	return 0;
}
