/* Extended attributes: behind an inode's fields, and in a block of their own. */
#include <endian.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "ext4-read.h"
#include <ext2fs/ext2_ext_attr.h>

/* What a name's index stands for. */
static const char *const prefixes[] = {
	[1] = "user.",
	[2] = "system.posix_acl_access",
	[3] = "system.posix_acl_default",
	[4] = "trusted.",
	[6] = "security.",
	[7] = "system.",
	[8] = "system.richacl",
};

/* Bytes that hold entries, and values, whose places are counted from its start. */
struct region {
	const uint8_t *data;
	size_t length;
	uint64_t place;
};

struct reading {
	struct image_tree *tree;
	const struct ext4_inode *inode;
	vector(struct image_xattr) xattrs;
};

static int damaged(const struct reading *reading, uint64_t place, struct error *err)
{
	return image_damaged(reading->tree, place, err,
		"inode %u: an extended attribute that does not fit", reading->inode->number);
}

/* The disk's form of an access control list is shorter than the one that programs see. */
static const void *expand_acl(
	struct arena *arena, const uint8_t *data, size_t length, size_t *ret_length)
{
	struct {
		struct posix_acl_xattr_header header;
		struct posix_acl_xattr_entry entries[];
	} *acl = arena_alloc(arena, sizeof(acl->header) + (length / 4 + 1) * sizeof(*acl->entries));
	size_t count = 0;

	acl->header.a_version = htole32(POSIX_ACL_XATTR_VERSION);
	for (size_t at = 4; at + 4 <= length; count++) {
		struct posix_acl_xattr_entry *entry = &acl->entries[count];
		memcpy(&entry->e_tag, data + at, 2);
		memcpy(&entry->e_perm, data + at + 2, 2);
		bool named = le16toh(entry->e_tag) & (ACL_USER | ACL_GROUP);
		entry->e_id = htole32(ACL_UNDEFINED_ID);
		if (named && at + 8 <= length)
			memcpy(&entry->e_id, data + at + 4, 4);
		at += named ? 8 : 4;
	}
	*ret_length = sizeof(acl->header) + count * sizeof(*acl->entries);
	return acl;
}

static void add(struct reading *reading, const struct ext2_ext_attr_entry *entry, const char *name,
	const uint8_t *value)
{
	struct arena *arena = &reading->tree->arena;
	unsigned index = entry->e_name_index;
	const char *prefix = index < array_count(prefixes) ? prefixes[index] : NULL;
	struct image_xattr xattr = {
		.name = arena_printf(
			arena, "%s%.*s", prefix ? prefix : "unknown.", entry->e_name_len, name),
		.length = le32toh(entry->e_value_size),
	};

	if (index == 2 || index == 3) {
		xattr.value = expand_acl(arena, value, xattr.length, &xattr.length);
	} else {
		void *copy = arena_alloc(arena, xattr.length + 1);
		memcpy(copy, value, xattr.length);
		xattr.value = copy;
	}
	vector_push(&reading->xattrs, xattr);
}

static int read_region(
	struct reading *reading, const struct region *region, size_t at, struct error *err)
{
	struct ext2_ext_attr_entry entry;

	while (at + sizeof(uint32_t) <= region->length) {
		uint32_t end;
		memcpy(&end, region->data + at, sizeof(end));
		if (!end)
			return 0;
		if (sizeof(entry) > region->length - at)
			break;
		memcpy(&entry, region->data + at, sizeof(entry));
		size_t length = EXT2_EXT_ATTR_LEN(entry.e_name_len);
		uint64_t value = le16toh(entry.e_value_offs);
		uint32_t size = le32toh(entry.e_value_size);
		if (length > region->length - at || value > region->length ||
			size > region->length - value)
			return damaged(reading, region->place + at, err);
		if (entry.e_value_inum)
			return error_set(err, STATUS_FAILED,
				"ext4: inode %u: an extended attribute in an inode of its own "
				"(ea_inode), which jeos does not read",
				reading->inode->number);
		add(reading, &entry, (const char *)region->data + at + sizeof(entry),
			region->data + value);
		at += length;
	}
	return 0;
}

static int read_inside(struct reading *reading, struct error *err)
{
	const struct ext4_inode *inode = reading->inode;
	size_t size = ext4_state(reading->tree)->inode_size;
	size_t start = EXT2_GOOD_OLD_INODE_SIZE + (size_t)le16toh(inode->large.i_extra_isize);
	uint32_t magic;

	if (size <= EXT2_GOOD_OLD_INODE_SIZE)
		return 0;
	if (start % 4 || start > size)
		return image_damaged(reading->tree, inode->place, err,
			"inode %u: impossible size of its additional fields", inode->number);
	if (start + sizeof(magic) > size)
		return 0;
	memcpy(&magic, inode->bytes + start, sizeof(magic));
	if (le32toh(magic) != EXT2_EXT_ATTR_MAGIC)
		return 0;
	start += sizeof(magic);
	const struct region region = {inode->bytes + start, size - start, inode->place + start};
	return read_region(reading, &region, 0, err);
}

static int read_block(struct reading *reading, struct error *err)
{
	const struct ext2_inode_large *inode = &reading->inode->large;
	struct image_tree *tree = reading->tree;
	uint64_t block = le32toh(inode->i_file_acl) |
			 (uint64_t)le16toh(inode->osd2.linux2.l_i_file_acl_high) << 32;
	uint32_t size = ext4_state(tree)->block_size, magic;

	if (!block)
		return 0;
	cleanup_free uint8_t *data = xmalloc(size);
	if (ext4_read_block(tree, block, "a block of extended attributes", data, err))
		return -1;
	memcpy(&magic, data, sizeof(magic));
	if (le32toh(magic) != EXT2_EXT_ATTR_MAGIC)
		return image_damaged(tree, block * size, err,
			"inode %u: no block of extended attributes", reading->inode->number);
	const struct region region = {data, size, block * size};
	return read_region(reading, &region, sizeof(struct ext2_ext_attr_header), err);
}

static int by_name(const void *left, const void *right)
{
	const struct image_xattr *a = left, *b = right;

	return strcmp(a->name, b->name);
}

int ext4_read_xattrs(struct image_tree *tree, const struct ext4_inode *inode,
	struct image_file *file, struct error *err)
{
	struct reading reading = {.tree = tree, .inode = inode};
	int result = read_inside(&reading, err);

	if (!result)
		result = read_block(&reading, err);
	vector_sort(&reading.xattrs, by_name);
	if (!result && reading.xattrs.count) {
		size_t size = reading.xattrs.count * sizeof(*reading.xattrs.items);
		struct image_xattr *kept = arena_alloc(&tree->arena, size);
		memcpy(kept, reading.xattrs.items, size);
		file->xattrs = kept;
		file->xattr_count = reading.xattrs.count;
	}
	vector_release(&reading.xattrs);
	return result;
}
