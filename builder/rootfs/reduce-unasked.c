/*
 * Programs and shared libraries that nothing in a sealed root asks for. What is run or loaded is
 * named by what does it: a program in a script, a unit, a configuration, or by its path in another
 * program; a library in what is linked with it or loads it later. What nothing that stays has the
 * name of goes. Libraries that the C library makes the names of from nsswitch.conf (libnss_*) stay,
 * and so do packages that the recipe names.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/inside.h"
#include "base/size.h"
#include "image/tree.h"
#include "installed.h"
#include "reduce.h"
#include "strip.h"

enum { FILE_LIMIT = 512 * MIB };

/* What kernels run, filesystem tools that fsck(8) and the like make the names of, and what the
 * agent of the test harness runs in any guest (boot/agent.sh, boot/loader.sh). */
static const char *const always[] = {"base64", "cat", "dmesg", "find", "fsck.ext4", "grep", "head",
	"init", "ln", "ls", "mkdir", "mkfs.ext4", "modprobe", "mount", "poweroff", "reboot", "sed",
	"sh", "sleep", "sort", "stat", "stty", "systemctl", "timeout"};

/* Where texts speak of programs, but run none. */
static const char *const silent[] = {"boot/", "usr/share/", "var/"};

/* A program, a library, or a link to one. */
struct candidate {
	const char *path, *name;
	vector(size_t) asked; /* candidates that it names */
	bool stays;
};

struct search {
	const struct reduce_packages *packages;
	const struct installed *installed;
	const struct recipe *recipe;
	int root;
	struct arena arena;
	vector(struct candidate) candidates; /* in the order of their names, once all are there */
};

static bool is_name_byte(char byte)
{
	return isalnum((unsigned char)byte) || (byte && strchr("._+-", byte));
}

/* usr/bin/mount, usr/lib/x86_64-linux-gnu/libz.so.1 */
static bool is_candidate(const struct tree_entry *entry)
{
	if (S_ISDIR(entry->status.st_mode))
		return false;
	if (text_starts(entry->path, "usr/bin/") || text_starts(entry->path, "usr/sbin/"))
		return entry->depth == 3;
	return entry->depth == 4 && text_starts(entry->path, "usr/lib/") &&
	       text_starts(entry->name, "lib") && strstr(entry->name, ".so");
}

/* Of a package that the recipe names nothing is taken. */
static bool is_wanted(const struct search *search, const char *path)
{
	const char *owner = installed_owner(search->installed, path);
	const struct reduce_package *package =
		owner ? reduce_packages_find(search->packages, owner) : NULL;

	return !owner || (package && package->wanted);
}

static bool is_always(const char *name)
{
	for (size_t i = 0; i < array_count(always); i++)
		if (!strcmp(always[i], name))
			return true;
	return text_starts(name, "libnss_");
}

static int compare_names(const void *a, const void *b)
{
	const struct candidate *left = a, *right = b;
	int order = strcmp(left->name, right->name);

	return order ? order : strcmp(left->path, right->path);
}

static int compare_name(const void *name, const void *candidate)
{
	return strcmp(name, ((const struct candidate *)candidate)->name);
}

/* Notes that the asker, or something that stays in any case (NULL), has that name in it, be it at a
 * sentence's end. */
static void ask(struct search *search, struct candidate *asker, const char *first, size_t length)
{
	const struct candidate *end = search->candidates.items + search->candidates.count;
	char name[NAME_MAX + 1];

	while (length && first[length - 1] == '.')
		length--;
	if (!length || length > NAME_MAX)
		return;
	memcpy(name, first, length);
	name[length] = '\0';
	struct candidate *found = bsearch(name, search->candidates.items, search->candidates.count,
		sizeof(*found), compare_name);
	if (!found)
		return;
	while (found > search->candidates.items && !strcmp(found[-1].name, name))
		found--;
	for (; found < end && !strcmp(found->name, name); found++)
		if (asker)
			vector_push(&asker->asked, (size_t)(found - search->candidates.items));
		else
			found->stays = true;
}

/* Each lib*.so*, whatever stands before it. */
static void ask_libraries(
	struct search *search, struct candidate *asker, const char *text, size_t length)
{
	const char *end = text + length, *at = text;

	while (at < end && (at = memmem(at, end - at, ".so", 3))) {
		const char *first = at, *last = at + 3;
		while (first > text && at - first < NAME_MAX && is_name_byte(first[-1]))
			first--;
		while (last < end && (isdigit((unsigned char)*last) || *last == '.'))
			last++;
		while (last[-1] == '.')
			last--;
		const char *name = memmem(first, last - first, "lib", 3);
		if (name)
			ask(search, asker, name, last - name);
		at = last;
	}
}

static size_t word_length(const char *at, const char *end)
{
	const char *last = at;

	while (last < end && is_name_byte(*last))
		last++;
	return last - at;
}

/* In machine code: each path below a bin or sbin. */
static void ask_paths(
	struct search *search, struct candidate *asker, const char *text, size_t length)
{
	const char *end = text + length, *at = text;

	while (at < end && (at = memmem(at, end - at, "bin/", 4))) {
		at += 4;
		ask(search, asker, at, word_length(at, end));
	}
}

/* In a text: each word of a line that is no comment; the first may name an interpreter. */
static void ask_words(
	struct search *search, struct candidate *asker, const char *text, size_t length)
{
	const char *end = text + length, *line = text;

	while (line < end) {
		const char *newline = memchr(line, '\n', end - line);
		const char *last = newline ? newline : end, *at = line;
		while (at < last && isblank((unsigned char)*at))
			at++;
		if (at < last && *at == '#' && line != text)
			at = last;
		while (at < last) {
			size_t word = word_length(at, last);
			ask(search, asker, at, word);
			at += word ? word : 1;
		}
		line = newline ? newline + 1 : end;
	}
}

static void ask_target(struct search *search, struct candidate *asker, const char *target)
{
	const char *slash = strrchr(target, '/');

	ask(search, asker, slash ? slash + 1 : target, strlen(slash ? slash + 1 : target));
}

/* What a link leads to, also by way of /etc/alternatives. */
static int ask_link(struct search *search, struct candidate *asker, const struct tree_entry *entry,
	struct error *err)
{
	char target[PATH_MAX] = "", next[PATH_MAX] = "";

	if (readlinkat(entry->directory, entry->name, target, sizeof(target) - 1) < 0)
		return error_errno(err, errno, "/%s: reading the link", entry->path);
	ask_target(search, asker, target);
	if (text_starts(target, "/etc/alternatives/") &&
		readlinkat(search->root, target + 1, next, sizeof(next) - 1) > 0)
		ask_target(search, asker, next);
	return 0;
}

static bool is_silent(const char *path)
{
	for (size_t i = 0; i < array_count(silent); i++)
		if (text_starts(path, silent[i]))
			return true;
	return text_starts(path, "etc/alternatives/") || !strcmp(path, "etc/ld.so.cache");
}

static int ask_file(struct search *search, struct candidate *asker, const struct tree_entry *entry,
	struct error *err)
{
	cleanup_buffer struct buffer content = {0};

	if (file_read(entry->directory, entry->name, FILE_LIMIT, &content, err))
		return -1;
	bool is_code = content.length > 4 && !memcmp(content.data, "\177ELF", 4);
	if (!is_code && is_silent(entry->path))
		return 0;
	ask_libraries(search, asker, content.data, content.length);
	(is_code ? ask_paths : ask_words)(search, asker, content.data, content.length);
	return 0;
}

static bool is_there(const struct search *search, const struct tree_entry *entry)
{
	cleanup_free char *path = xasprintf("/%s", entry->path);

	return !strip_matches(search->recipe, path);
}

static int collect(void *context, const struct tree_entry *entry, struct error *err)
{
	struct search *search = context;

	(void)err;
	if (!is_candidate(entry) || !is_there(search, entry))
		return 0;
	struct candidate candidate = {
		.path = arena_strdup(&search->arena, entry->path),
		.stays = is_always(entry->name) || is_wanted(search, entry->path),
	};
	candidate.name = strrchr(candidate.path, '/') + 1;
	vector_push(&search->candidates, candidate);
	return 0;
}

static struct candidate *find_candidate(struct search *search, const struct tree_entry *entry)
{
	const struct candidate wanted = {.path = entry->path, .name = entry->name};

	return bsearch(&wanted, search->candidates.items, search->candidates.count, sizeof(wanted),
		compare_names);
}

static int ask_entry(void *context, const struct tree_entry *entry, struct error *err)
{
	struct search *search = context;
	struct candidate *asker = find_candidate(search, entry);

	if (!is_there(search, entry))
		return 0;
	if (S_ISLNK(entry->status.st_mode))
		return is_silent(entry->path) ? 0 : ask_link(search, asker, entry, err);
	return S_ISREG(entry->status.st_mode) ? ask_file(search, asker, entry, err) : 0;
}

/* Marks what those ask for that stay; whether any was new. */
static bool keep_asked(struct search *search)
{
	bool new = false;

	vector_for_each (candidate, &search->candidates)
		for (size_t i = 0; candidate->stays && i < candidate->asked.count; i++) {
			struct candidate *asked =
				&search->candidates.items[candidate->asked.items[i]];
			new = new || !asked->stays;
			asked->stays = true;
		}
	return new;
}

static int remove_others(const struct search *search, struct error *err)
{
	vector_for_each (candidate, &search->candidates) {
		cleanup_fd int directory = -1;
		const char *name;
		if (candidate->stays)
			continue;
		if (inside_parent(search->root, candidate->path, &directory, &name, err))
			return -1;
		if (unlinkat(directory, name, 0))
			return error_errno(err, errno, "/%s: removing", candidate->path);
	}
	return 0;
}

/* What the recipe's own checks run is there for them. */
static void ask_checks(struct search *search)
{
	vector_for_each (check, &search->recipe->test.checks)
		if (check->kind == CHECK_RUN)
			ask_words(search, NULL, check->text, strlen(check->text));
}

static int search_tree(struct search *search, struct error *err)
{
	const struct tree_visitor collecting = {.enter = collect, .context = search};
	const struct tree_visitor asking = {.enter = ask_entry, .context = search};

	if (tree_walk(search->root, &collecting, err))
		return -1;
	vector_sort(&search->candidates, compare_names);
	if (tree_walk(search->root, &asking, err))
		return -1;
	ask_checks(search);
	/* Each round but the last marks one more, of which there is an end. */
	while (keep_asked(search))
		;
	return remove_others(search, err);
}

int reduce_unasked(int root, const struct rootfs *rootfs, const struct reduce_packages *packages,
	const struct installed *installed, struct error *err)
{
	struct search search = {
		.packages = packages,
		.installed = installed,
		.recipe = rootfs->recipe,
		.root = root,
	};
	int result = search_tree(&search, err);

	vector_for_each (candidate, &search.candidates)
		vector_release(&candidate->asked);
	vector_release(&search.candidates);
	arena_release(&search.arena);
	return result;
}
