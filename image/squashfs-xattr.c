/* Extended attributes of squashfs. */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "squashfs.h"

enum { OUT_OF_LINE = 0x100, TYPE = 0xff, VALUE_MAX = 64 * 1024, COUNT_MAX = 1024 };

static const char *const prefixes[] = {"user.", "trusted.", "security."};

static int read_value(struct image_tree *tree, struct squashfs_cursor *cursor, uint64_t start,
	bool elsewhere, struct image_xattr *xattr, struct error *err)
{
	struct squashfs_cursor other;
	uint32_t length;
	uint64_t place;

	if (squashfs_read(tree, cursor, &length, sizeof(length), err))
		return -1;
	if (elsewhere) {
		if (squashfs_read(tree, cursor, &place, sizeof(place), err))
			return -1;
		other = squashfs_at(start, le64toh(place));
		cursor = &other;
		if (squashfs_read(tree, cursor, &length, sizeof(length), err))
			return -1;
	}
	xattr->length = le32toh(length);
	if (xattr->length > VALUE_MAX)
		return image_damaged(tree, cursor->block, err, "an extended attribute of %zu bytes",
			xattr->length);
	if (image_tree_path_room(tree, xattr->length, err))
		return -1;
	void *value = arena_alloc(&tree->arena, xattr->length + 1);
	xattr->value = value;
	return squashfs_read(tree, cursor, value, xattr->length, err);
}

static int read_xattr(struct image_tree *tree, struct squashfs_cursor *cursor, uint64_t start,
	struct image_xattr *xattr, struct error *err)
{
	uint16_t head[2];
	char name[256] = "";

	if (squashfs_read(tree, cursor, head, sizeof(head), err))
		return -1;
	unsigned type = le16toh(head[0]), length = le16toh(head[1]);
	if (length >= sizeof(name) || (type & TYPE) >= array_count(prefixes))
		return image_damaged(tree, cursor->block, err, "the name of an extended attribute");
	if (squashfs_read(tree, cursor, name, length, err))
		return -1;
	xattr->name = arena_printf(&tree->arena, "%s%s", prefixes[type & TYPE], name);
	return read_value(tree, cursor, start, type & OUT_OF_LINE, xattr, err);
}

static int by_name(const void *left, const void *right)
{
	const struct image_xattr *a = left, *b = right;

	return strcmp(a->name, b->name);
}

int squashfs_read_xattrs(
	struct image_tree *tree, uint32_t number, struct image_file *file, struct error *err)
{
	uint64_t table = squashfs_state(tree)->super.xattrs;
	struct squashfs_xattr_table head;
	struct squashfs_xattr_id id;

	if (table > tree->slice.length - sizeof(head))
		return image_damaged(tree, 0, err, "no table of extended attributes");
	if (slice_read(&tree->slice, table, &head, sizeof(head), err) ||
		squashfs_read_entry(tree, table + sizeof(head), number, &id, sizeof(id), err))
		return -1;
	size_t count = le32toh(id.count);
	if (number >= le32toh(head.count) || count > COUNT_MAX)
		return image_damaged(tree, table, err, "%zu extended attributes", count);
	struct squashfs_cursor cursor = squashfs_at(le64toh(head.start), le64toh(id.place));
	struct image_xattr *xattrs = arena_alloc(&tree->arena, (count + 1) * sizeof(*xattrs));
	for (size_t i = 0; i < count; i++)
		if (read_xattr(tree, &cursor, le64toh(head.start), &xattrs[i], err))
			return -1;
	qsort(xattrs, count, sizeof(*xattrs), by_name);
	file->xattrs = xattrs;
	file->xattr_count = count;
	return 0;
}
