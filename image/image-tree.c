#include "image-tree.h"

#include <limits.h>
#include <stdarg.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/interrupt.h"

enum { LINKS_FOLLOWED = 40, PIECE = 65536, PATH_BYTES_MAX = 1 << 30 };

static const struct tree_reader *const readers[] = {
	&tree_reader_ext4, &tree_reader_squashfs, &tree_reader_fat, &tree_reader_swap, NULL};

const struct tree_reader *tree_reader_find(const struct slice *slice)
{
	const struct tree_reader *const *reader = readers;

	while (*reader && !(*reader)->recognize(slice))
		reader++;
	return *reader;
}

struct image_tree *image_tree_new(const struct tree_reader *reader)
{
	struct image_tree *tree = xcalloc(1, sizeof(*tree));

	tree->reader = reader;
	return tree;
}

int image_tree_open(const struct slice *slice, struct image_tree **ret_tree, struct error *err)
{
	const struct tree_reader *reader = tree_reader_find(slice);

	return reader ? image_tree_open_as(reader, slice, ret_tree, err)
		      : error_set(err, STATUS_FAILED, "no filesystem that jeos reads");
}

int image_tree_open_as(const struct tree_reader *reader, const struct slice *slice,
	struct image_tree **ret_tree, struct error *err)
{
	cleanup_image_tree struct image_tree *tree = image_tree_new(reader);
	tree->slice = *slice;
	if (reader->load(tree, err) || image_tree_settle(tree, err))
		return -1;
	*ret_tree = steal_pointer(&tree);
	return 0;
}

void image_tree_free(struct image_tree *tree)
{
	if (!tree)
		return;
	if (tree->reader->release)
		tree->reader->release(tree);
	vector_release(&tree->files);
	vector_release(&tree->facts);
	arena_release(&tree->arena);
	free(tree);
}

void image_tree_cleanup(struct image_tree **tree)
{
	image_tree_free(*tree);
}

int image_path_compare(const char *left, const char *right)
{
	while (*left && *left == *right)
		left++, right++;
	unsigned char a = *left, b = *right;
	if (a == b)
		return 0;
	if (!a || !b)
		return a ? 1 : -1;
	return (a == '/' ? 1 : a + 1) - (b == '/' ? 1 : b + 1);
}

static int by_path(const void *left, const void *right)
{
	const struct image_file *a = left, *b = right;

	return image_path_compare(a->path, b->path);
}

int image_tree_settle(struct image_tree *tree, struct error *err)
{
	vector_sort(&tree->files, by_path);
	for (size_t i = 1; i < tree->files.count; i++)
		if (!strcmp(tree->files.items[i - 1].path, tree->files.items[i].path))
			return error_set(err, STATUS_FAILED, "%s: %s: two files have this name",
				tree->reader->name, tree->files.items[i].path);
	return 0;
}

const struct image_file *image_tree_find(const struct image_tree *tree, const char *path)
{
	const struct image_file key = {.path = path};

	if (!tree->files.count)
		return NULL;
	return bsearch(&key, tree->files.items, tree->files.count, sizeof(key), by_path);
}

/* The path that a link's target means, then the rest of the path that led to the link. */
static char *follow(const struct image_file *link, const char *rest)
{
	size_t directory = *link->target == '/' ? 0 : strrchr(link->path, '/') - link->path;

	return xasprintf("%.*s/%s/%s", (int)directory, link->path, link->target, rest);
}

/* Puts the next part of `*rest` behind `path`. */
static void step(struct buffer *path, const char **rest)
{
	size_t length = strcspn(*rest, "/");

	if (length == 2 && !memcmp(*rest, "..", 2)) {
		char *slash = path->length ? strrchr(path->data, '/') : NULL;
		path->length = slash ? (size_t)(slash - path->data) : 0;
		buffer_text(path, "");
	} else if (length && !(length == 1 && **rest == '.')) {
		buffer_text(path, "/");
		buffer_append(path, *rest, length);
	}
	*rest += length + strspn(*rest + length, "/");
}

const struct image_file *image_tree_resolve(const struct image_tree *tree, const char *path)
{
	cleanup_buffer struct buffer reached = {0};
	cleanup_free char *all = xstrdup(path);
	const char *rest = all;

	buffer_text(&reached, "");
	for (unsigned links = 0; *rest && reached.length < PATH_MAX;) {
		size_t before = reached.length;
		step(&reached, &rest);
		const struct image_file *file =
			image_tree_find(tree, reached.length ? reached.data : "/");
		if (!file || (*rest && !S_ISDIR(file->mode) && !S_ISLNK(file->mode)))
			return NULL;
		if (!S_ISLNK(file->mode) || !file->target)
			continue;
		char *longer = follow(file, rest);
		if (++links > LINKS_FOLLOWED || reached.length < before ||
			strlen(longer) > PATH_MAX) {
			free(longer);
			return NULL;
		}
		free(all);
		all = longer;
		rest = all;
		reached.length = 0;
		buffer_text(&reached, "");
	}
	return image_tree_find(tree, reached.length ? reached.data : "/");
}

size_t image_tree_end(const struct image_tree *tree, const struct image_file *directory)
{
	size_t end = directory - tree->files.items + 1, length = strlen(directory->path);

	if (length == 1) /* the root */
		return tree->files.count;
	while (end < tree->files.count &&
		!strncmp(tree->files.items[end].path, directory->path, length) &&
		tree->files.items[end].path[length] == '/')
		end++;
	return end;
}

static int wrong(int result, const struct image_file *file, struct error *err)
{
	return result ? error_wrap(err, "%s", file->path) : 0;
}

int image_file_read(struct image_tree *tree, const struct image_file *file, uint64_t offset,
	void *data, uint64_t length, struct error *err)
{
	if (!S_ISREG(file->mode))
		return error_set(err, STATUS_FAILED, "%s: not a regular file", file->path);
	if (offset > file->size || length > file->size - offset)
		return error_set(err, STATUS_FAILED, "%s: read behind its end", file->path);
	if (interrupt_check(err))
		return -1;
	return wrong(
		length ? tree->reader->read(tree, file, offset, data, length, err) : 0, file, err);
}

int image_file_hole(struct image_tree *tree, const struct image_file *file, uint64_t offset,
	uint64_t *ret_length, struct error *err)
{
	*ret_length = 0;
	if (!tree->reader->hole || !S_ISREG(file->mode) || offset >= file->size)
		return 0;
	return wrong(tree->reader->hole(tree, file, offset, ret_length, err), file, err);
}

int image_file_contents(struct image_tree *tree, const struct image_file *file, size_t limit,
	struct buffer *ret_contents, struct error *err)
{
	cleanup_buffer struct buffer contents = {0};
	char piece[PIECE];

	if (file->size > limit)
		return error_set(
			err, STATUS_FAILED, "%s: larger than %zu bytes", file->path, limit);
	buffer_text(&contents, "");
	for (uint64_t at = 0, length; at < file->size; at += length) {
		length = file->size - at < PIECE ? file->size - at : PIECE;
		if (image_file_read(tree, file, at, piece, length, err))
			return -1;
		buffer_append(&contents, piece, length);
	}
	*ret_contents = contents;
	contents = (struct buffer){0};
	return 0;
}

struct image_file *image_tree_add(struct image_tree *tree)
{
	return vector_add(&tree->files);
}

void image_tree_fact(struct image_tree *tree, const char *name, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	cleanup_free char *value = xvasprintf(format, arguments);
	va_end(arguments);
	vector_push(&tree->facts, ((struct image_fact){name, arena_strdup(&tree->arena, value)}));
}

int image_tree_path_room(struct image_tree *tree, size_t length, struct error *err)
{
	tree->path_bytes += length + sizeof(struct image_file);
	if (tree->path_bytes <= PATH_BYTES_MAX)
		return 0;
	return error_set(err, STATUS_FAILED, "%s: more files than jeos reads", tree->reader->name);
}

int image_tree_name(struct image_tree *tree, const char *directory, const char *name, size_t length,
	const char **ret_path, struct error *err)
{
	size_t above = strcmp(directory, "/") ? strlen(directory) : 0;

	if (!length || memchr(name, '/', length) || memchr(name, '\0', length) ||
		(length == 1 && *name == '.') || (length == 2 && !memcmp(name, "..", 2)))
		return error_set(err, STATUS_FAILED,
			"%s: %s: it holds a name that no file can have", tree->reader->name,
			directory);
	if (above + 1 + length >= PATH_MAX)
		return error_set(err, STATUS_FAILED, "%s: a path of more than %d bytes: %.60s...",
			tree->reader->name, PATH_MAX - 1, directory);
	if (image_tree_path_room(tree, above + 1 + length + 1, err))
		return -1;
	char *path = arena_alloc(&tree->arena, above + 1 + length + 1);
	memcpy(path, directory, above);
	path[above] = '/';
	memcpy(path + above + 1, name, length);
	*ret_path = path;
	return 0;
}

int image_damaged(
	const struct image_tree *tree, uint64_t offset, struct error *err, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	cleanup_free char *what = xvasprintf(format, arguments);
	va_end(arguments);
	return error_set(err, STATUS_FAILED, "%s: damaged: %s, at byte %llu of the disk",
		tree->reader->name, what, (unsigned long long)(tree->slice.start + offset));
}
