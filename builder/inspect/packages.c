#include "packages.h"

#include <string.h>

#include "archive/control.h"
#include "base/cleanup.h"
#include "base/size.h"

#define DATABASE "/var/lib/dpkg/"

enum { DATABASE_LIMIT = 64 * MIB };

static bool is_installed(struct span stanza)
{
	struct span status;

	/* Files of status.d are there because the package is. */
	return !control_find(stanza, "Status", &status) || span_has_word(status, "installed");
}

/* "NAME.list", or for packages of which several architectures may be there "NAME:ARCH.list". */
static const char *find_list(
	struct image_tree *tree, const struct inspect_package *package, struct arena *arena)
{
	const char *names[] = {
		arena_printf(arena, DATABASE "info/%s.list", package->name),
		arena_printf(
			arena, DATABASE "info/%s:%s.list", package->name, package->architecture),
		arena_printf(arena, DATABASE "status.d/%s.md5sums", package->name),
	};

	for (size_t i = 0; i < array_count(names); i++)
		if (image_tree_find(tree, names[i]))
			return names[i];
	return NULL;
}

static void add_package(
	struct image_tree *tree, struct inspect_packages *packages, struct span stanza)
{
	struct arena *arena = &packages->arena;
	struct inspect_package package = {
		.name = control_get(stanza, "Package", arena),
		.version = control_get(stanza, "Version", arena),
		.architecture = control_get(stanza, "Architecture", arena),
	};

	if (!package.name || !package.version || !is_installed(stanza))
		return;
	if (!package.architecture)
		package.architecture = "";
	package.list = find_list(tree, &package, arena);
	vector_push(&packages->items, package);
}

static int read_stanzas(struct image_tree *tree, const struct image_file *file,
	struct inspect_packages *packages, struct error *err)
{
	cleanup_buffer struct buffer content = {0};
	struct span stanza;

	if (image_file_contents(tree, file, DATABASE_LIMIT, &content, err))
		return -1;
	struct span rest = {content.data, content.length};
	while (control_next_stanza(&rest, &stanza))
		add_package(tree, packages, stanza);
	return 0;
}

static int read_all(struct image_tree *tree, struct inspect_packages *packages, struct error *err)
{
	const struct image_file *status = image_tree_find(tree, DATABASE "status");
	const struct image_file *several = image_tree_find(tree, DATABASE "status.d");

	if (status && S_ISREG(status->mode) && read_stanzas(tree, status, packages, err))
		return -1;
	if (!several || !S_ISDIR(several->mode))
		return 0;
	size_t first = several - tree->files.items + 1, end = image_tree_end(tree, several);
	for (size_t i = first; i < end; i++) {
		const struct image_file *file = &tree->files.items[i];
		if (S_ISREG(file->mode) && !text_ends(file->path, ".md5sums") &&
			read_stanzas(tree, file, packages, err))
			return -1;
	}
	return 0;
}

static int by_name(const void *left, const void *right)
{
	const struct inspect_package *a = left, *b = right;
	int order = strcmp(a->name, b->name);

	return order ? order : strcmp(a->architecture, b->architecture);
}

int inspect_packages_read(
	struct image_tree *tree, struct inspect_packages *ret_packages, struct error *err)
{
	cleanup_packages struct inspect_packages packages = {0};

	if (read_all(tree, &packages, err))
		return error_wrap(err, "reading dpkg's database");
	vector_sort(&packages.items, by_name);
	*ret_packages = packages;
	packages = (struct inspect_packages){0};
	return 0;
}

void inspect_packages_release(struct inspect_packages *packages)
{
	vector_release(&packages->items);
	arena_release(&packages->arena);
}
