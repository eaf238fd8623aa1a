/*
 * Shared libraries that nothing in a sealed root asks for. Programs name those that they are linked
 * with, and those that they load later: a library whose name no program and no other library that
 * stays has in it, nor any file of /etc, is not loaded. Those that the C library makes the names of
 * from nsswitch.conf (libnss_*) stay.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
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

enum { PROGRAM_LIMIT = 512 * MIB };

struct library {
	const char *path, *name;
	struct words names; /* of the libraries that it asks for; a link's: what it leads to */
	bool stays;
};

struct search {
	const struct reduce_packages *packages;
	const struct installed *installed;
	const struct recipe *recipe;
	struct arena arena;
	vector(struct library) libraries;
	struct words names; /* that all other files ask for */
};

static bool is_name_byte(char byte)
{
	return isalnum((unsigned char)byte) || (byte && strchr("._+-", byte));
}

/* Adds each lib*.so* that the text has in it. */
static void find_names(struct arena *arena, const char *text, size_t length, struct words *names)
{
	const char *end = text + length, *at = text;

	while (at < end && (at = memmem(at, end - at, ".so", 3))) {
		const char *first = at, *last = at + 3;
		while (first > text && at - first < NAME_MAX && is_name_byte(first[-1]))
			first--;
		while (last < end && *last && (isdigit((unsigned char)*last) || *last == '.'))
			last++;
		while (last[-1] == '.')
			last--;
		cleanup_free char *text_around = xstrndup(first, last - first);
		const char *name = strstr(text_around, "lib");
		if (name && !words_contain(names, name))
			vector_push(names, arena_strdup(arena, name));
		at = last;
	}
}

/* usr/lib/x86_64-linux-gnu/libz.so.1 */
static bool is_library(const struct tree_entry *entry)
{
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

static bool can_ask(const char *path, const struct buffer *content)
{
	if (text_starts(path, "etc/"))
		return strcmp(path, "etc/ld.so.cache") != 0;
	return content->length > 4 && !memcmp(content->data, "\177ELF", 4);
}

static int read_names(struct search *search, const struct tree_entry *entry, struct words *names,
	struct error *err)
{
	cleanup_buffer struct buffer content = {0};
	char target[PATH_MAX] = "";

	if (S_ISLNK(entry->status.st_mode)) {
		if (readlinkat(entry->directory, entry->name, target, sizeof(target) - 1) < 0)
			return error_errno(err, errno, "/%s: reading the link", entry->path);
		find_names(&search->arena, target, strlen(target), names);
		return 0;
	}
	if (!S_ISREG(entry->status.st_mode))
		return 0;
	if (file_read(entry->directory, entry->name, PROGRAM_LIMIT, &content, err))
		return -1;
	if (can_ask(entry->path, &content))
		find_names(&search->arena, content.data, content.length, names);
	return 0;
}

static int search_entry(void *context, const struct tree_entry *entry, struct error *err)
{
	struct search *search = context;
	cleanup_free char *path = xasprintf("/%s", entry->path);

	if (S_ISDIR(entry->status.st_mode) || strip_matches(search->recipe, path))
		return 0;
	if (!is_library(entry))
		return S_ISLNK(entry->status.st_mode)
			       ? 0
			       : read_names(search, entry, &search->names, err);
	struct library library = {
		.path = arena_strdup(&search->arena, entry->path),
		.stays = text_starts(entry->name, "libnss_") || is_wanted(search, entry->path),
	};
	library.name = strrchr(library.path, '/') + 1;
	int result = read_names(search, entry, &library.names, err);
	vector_push(&search->libraries, library);
	return result;
}

/* Marks those that what stays asks for; whether any was new. */
static bool keep_asked(struct search *search)
{
	bool new = false;

	vector_for_each (library, &search->libraries) {
		bool asked = words_contain(&search->names, library->name);
		vector_for_each (other, &search->libraries)
			asked = asked || (other->stays && other != library &&
						 words_contain(&other->names, library->name));
		new = new || (asked && !library->stays);
		library->stays = library->stays || asked;
	}
	return new;
}

static int remove_others(const struct search *search, int root, struct error *err)
{
	vector_for_each (library, &search->libraries) {
		cleanup_fd int directory = -1;
		const char *name;
		if (library->stays)
			continue;
		if (inside_parent(root, library->path, &directory, &name, err))
			return -1;
		if (unlinkat(directory, name, 0))
			return error_errno(err, errno, "/%s: removing", library->path);
	}
	return 0;
}

int reduce_libraries(int root, const struct rootfs *rootfs, const struct reduce_packages *packages,
	const struct installed *installed, struct error *err)
{
	struct search search = {
		.packages = packages, .installed = installed, .recipe = rootfs->recipe};
	const struct tree_visitor visitor = {.enter = search_entry, .context = &search};
	int result = tree_walk(root, &visitor, err);

	/* Each round but the last marks a library, of which there is an end. */
	while (!result && keep_asked(&search))
		;
	if (!result)
		result = remove_others(&search, root, err);
	vector_for_each (library, &search.libraries)
		vector_release(&library->names);
	vector_release(&search.libraries);
	vector_release(&search.names);
	arena_release(&search.arena);
	return result;
}
