/* Two trees, file by file: names, what the inodes say, contents, extended attributes. */
#include <string.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "base/interrupt.h"
#include "compare.h"

enum { PIECE = 65536 };

/* A file in both. */
struct pair {
	const struct comparison *comparison;
	struct image_tree *trees[2];
	const struct image_file *files[2];
};

static void number(const struct pair *pair, const char *what, uint64_t first, uint64_t second)
{
	difference_number(pair->comparison->differences,
		&(struct difference){"file", pair->files[0]->path, what, NULL, NULL}, first,
		second);
}

static void say(const struct pair *pair, const char *what, const char *first, const char *second)
{
	difference_add(
		pair->comparison->differences, "file", pair->files[0]->path, what, first, second);
}

static void compare_modes(const struct pair *pair)
{
	cleanup_free char *first = xasprintf("%o", pair->files[0]->mode);
	cleanup_free char *second = xasprintf("%o", pair->files[1]->mode);

	if (pair->files[0]->mode != pair->files[1]->mode)
		say(pair, "mode", first, second);
}

static void compare_times(const struct pair *pair)
{
	const struct image_file *a = pair->files[0], *b = pair->files[1];
	cleanup_free char *first = xasprintf("%lld.%09u", (long long)a->seconds, a->nanoseconds);
	cleanup_free char *second = xasprintf("%lld.%09u", (long long)b->seconds, b->nanoseconds);

	/* Fractions of seconds only where both have them. */
	if (a->seconds != b->seconds ||
		(a->nanoseconds && b->nanoseconds && a->nanoseconds != b->nanoseconds))
		say(pair, "modification time", first, second);
}

static void compare_details(const struct pair *pair)
{
	const struct image_file_details *a = pair->files[0]->details, *b = pair->files[1]->details;

	if (!pair->comparison->exact || !a || !b)
		return;
	number(pair, "number of links", pair->files[0]->links, pair->files[1]->links);
	number(pair, "flags", a->flags, b->flags);
	number(pair, "generation", a->generation, b->generation);
	number(pair, "access time", a->access_time, b->access_time);
	number(pair, "change time", a->change_time, b->change_time);
	number(pair, "creation time", a->creation_time, b->creation_time);
}

static bool same_xattrs(const struct image_file *a, const struct image_file *b)
{
	if (a->xattr_count != b->xattr_count)
		return false;
	for (size_t i = 0; i < a->xattr_count; i++)
		if (strcmp(a->xattrs[i].name, b->xattrs[i].name) ||
			a->xattrs[i].length != b->xattrs[i].length ||
			memcmp(a->xattrs[i].value, b->xattrs[i].value, a->xattrs[i].length))
			return false;
	return true;
}

/* How far from `at` on both have nothing but a hole. */
static int common_hole(
	const struct pair *pair, uint64_t at, uint64_t *ret_length, struct error *err)
{
	uint64_t first, second;

	if (image_file_hole(pair->trees[0], pair->files[0], at, &first, err) ||
		image_file_hole(pair->trees[1], pair->files[1], at, &second, err))
		return -1;
	*ret_length = first < second ? first : second;
	return 0;
}

static int compare_contents(const struct pair *pair, struct error *err)
{
	cleanup_free char *a = xmalloc(PIECE), *b = xmalloc(PIECE);
	uint64_t size = pair->files[0]->size;

	for (uint64_t at = 0, length; at < size; at += length) {
		if (common_hole(pair, at, &length, err))
			return -1;
		if (length)
			continue;
		length = size - at < PIECE ? size - at : PIECE;
		if (image_file_read(pair->trees[0], pair->files[0], at, a, length, err) ||
			image_file_read(pair->trees[1], pair->files[1], at, b, length, err))
			return -1;
		if (!memcmp(a, b, length))
			continue;
		for (size_t i = 0; a[i] == b[i]; i++)
			at++;
		cleanup_free char *what =
			xasprintf("contents, from byte %llu on", (unsigned long long)at);
		say(pair, what, NULL, NULL);
		return 0;
	}
	return 0;
}

static int compare_pair(const struct pair *pair, struct error *err)
{
	const struct image_file *a = pair->files[0], *b = pair->files[1];
	unsigned ignored = pair->comparison->ignored;
	mode_t type = a->mode & S_IFMT;

	if (!(ignored & COMPARE_NO_MODES) || type != (b->mode & S_IFMT))
		compare_modes(pair);
	if (!(ignored & COMPARE_NO_OWNERS)) {
		number(pair, "owner", a->uid, b->uid);
		number(pair, "group", a->gid, b->gid);
	}
	if (!(ignored & COMPARE_NO_TIMES))
		compare_times(pair);
	if (!(ignored & COMPARE_NO_XATTRS) && !same_xattrs(a, b))
		say(pair, "extended attributes", NULL, NULL);
	compare_details(pair);
	if (type != (b->mode & S_IFMT))
		return 0;
	if (!text_equal(a->target, b->target))
		say(pair, "target", a->target, b->target);
	number(pair, "device number", a->device, b->device);
	if (!S_ISREG(type) || ignored & COMPARE_NO_CONTENTS)
		return 0;
	number(pair, "size", a->size, b->size);
	return a->size == b->size ? compare_contents(pair, err) : 0;
}

/* What mke2fs puts into every root of its own. */
static bool is_own(const struct image_tree *tree, const struct image_file *file)
{
	return tree->reader == &tree_reader_ext4 && !strcmp(file->path, "/lost+found");
}

static void only(const struct comparison *comparison, const struct image_tree *const trees[2],
	const struct image_file *file, bool in_first)
{
	bool own = is_own(trees[!in_first], file) && trees[0]->reader != trees[1]->reader;

	if (!own)
		difference_only(comparison->differences, "file", file->path, in_first);
}

int tree_compare(const struct comparison *comparison, struct image_tree *first,
	struct image_tree *second, struct error *err)
{
	const struct image_files *a = &first->files, *b = &second->files;
	const struct image_tree *const trees[2] = {first, second};
	size_t i = 0, k = 0;

	while (i < a->count || k < b->count) {
		int order = i == a->count ? 1
			    : k == b->count
				    ? -1
				    : image_path_compare(a->items[i].path, b->items[k].path);
		if (interrupt_check(err))
			return -1;
		if (order) {
			only(comparison, trees, order < 0 ? &a->items[i] : &b->items[k], order < 0);
		} else {
			const struct pair pair = {
				comparison, {first, second}, {&a->items[i], &b->items[k]}};
			if (compare_pair(&pair, err))
				return -1;
		}
		i += order <= 0;
		k += order >= 0;
	}
	return 0;
}
