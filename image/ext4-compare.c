/*
 * Two ext4 filesystems, file by file: names, what the inodes say, contents, extended attributes.
 * Only when those are the same the blocks are compared, for then it is the structures that differ.
 */
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/interrupt.h"
#include "compare.h"
#include "ext4-access.h"

enum { INODE_MAX = 1024, CHUNK = 65536 };

struct comparison {
	struct ext4 *first, *second;
	struct differences *differences;
};

struct name {
	char *text; /* owned */
	ext2_ino_t inode;
};

struct names {
	struct name *items;
	size_t count, capacity;
};

union inode {
	struct ext2_inode_large large;
	struct ext2_inode small;
	uint8_t bytes[INODE_MAX];
};

/* A file in both. */
struct pair {
	const char *path;
	ext2_ino_t numbers[2];
	union inode inodes[2];
};

static int by_name(const void *left, const void *right)
{
	const struct name *a = left, *b = right;

	return strcmp(a->text, b->text);
}

static int add_name(
	struct ext2_dir_entry *entry, int offset, int block_size, char *block, void *context)
{
	struct names *names = context;
	cleanup_free char *text = xstrndup(entry->name, ext2fs_dirent_name_len(entry));

	(void)offset, (void)block_size, (void)block;
	if (strcmp(text, ".") && strcmp(text, ".."))
		vector_push(names, ((struct name){steal_pointer(&text), entry->inode}));
	return 0;
}

static void names_release(struct names *names)
{
	vector_for_each (name, names)
		free(name->text);
	vector_release(names);
}

static int list(struct ext4 *ext4, ext2_ino_t directory, struct names *names, struct error *err)
{
	errcode_t code = ext2fs_dir_iterate(ext4->fs, directory, 0, NULL, add_name, names);

	if (code)
		return ext4_fail(&ext4->device, code, err, "reading a directory in the image");
	vector_sort(names, by_name);
	return 0;
}

static uint64_t time_of(uint32_t seconds, uint32_t extra)
{
	return (uint64_t)extra << 32 | seconds;
}

static void compare_inodes(const struct pair *pair, struct differences *differences)
{
	const struct ext2_inode_large *a = &pair->inodes[0].large, *b = &pair->inodes[1].large;
	const struct {
		const char *name;
		uint64_t first, second;
	} fields[] = {
		{"owner", inode_uid(*a), inode_uid(*b)},
		{"group", inode_gid(*a), inode_gid(*b)},
		{"size", EXT2_I_SIZE(a), EXT2_I_SIZE(b)},
		{"number of links", a->i_links_count, b->i_links_count},
		{"flags", a->i_flags, b->i_flags},
		{"generation", a->i_generation, b->i_generation},
		{"modification time", time_of(a->i_mtime, a->i_mtime_extra),
			time_of(b->i_mtime, b->i_mtime_extra)},
		{"access time", time_of(a->i_atime, a->i_atime_extra),
			time_of(b->i_atime, b->i_atime_extra)},
		{"change time", time_of(a->i_ctime, a->i_ctime_extra),
			time_of(b->i_ctime, b->i_ctime_extra)},
		{"creation time", time_of(a->i_crtime, a->i_crtime_extra),
			time_of(b->i_crtime, b->i_crtime_extra)},
	};

	if (a->i_mode != b->i_mode)
		difference_add(
			differences, "%s: its mode is %o and %o", pair->path, a->i_mode, b->i_mode);
	for (size_t i = 0; i < array_count(fields); i++)
		if (fields[i].first != fields[i].second)
			difference_add(differences, "%s: its %s is %llu and %llu", pair->path,
				fields[i].name, (unsigned long long)fields[i].first,
				(unsigned long long)fields[i].second);
}

static int add_xattr(char *name, char *value, size_t length, void *context)
{
	struct buffer *text = context;

	buffer_append(text, name, strlen(name) + 1);
	buffer_append(text, &length, sizeof(length));
	buffer_append(text, value, length);
	return 0;
}

static int read_xattrs(struct ext4 *ext4, ext2_ino_t inode, struct buffer *text, struct error *err)
{
	struct ext2_xattr_handle *handle;
	errcode_t code = ext2fs_xattrs_open(ext4->fs, inode, &handle);

	if (!code) {
		code = ext2fs_xattrs_read(handle);
		if (!code)
			code = ext2fs_xattrs_iterate(handle, add_xattr, text);
		ext2fs_xattrs_close(&handle);
	}
	return code ? ext4_fail(&ext4->device, code, err, "reading extended attributes") : 0;
}

static int compare_xattrs(
	const struct comparison *comparison, const struct pair *pair, struct error *err)
{
	cleanup_buffer struct buffer first = {0}, second = {0};

	if (read_xattrs(comparison->first, pair->numbers[0], &first, err) ||
		read_xattrs(comparison->second, pair->numbers[1], &second, err))
		return -1;
	if (first.length != second.length ||
		(first.length && memcmp(first.data, second.data, first.length)))
		difference_add(comparison->differences, "%s: its extended attributes", pair->path);
	return 0;
}

/* The byte where two open files of one size first differ, or their size. */
static errcode_t find_difference(ext2_file_t first, ext2_file_t second, uint64_t *ret_offset)
{
	cleanup_free char *a = xmalloc(CHUNK), *b = xmalloc(CHUNK);
	unsigned got, got_second;

	for (*ret_offset = 0;; *ret_offset += got) {
		errcode_t code = ext2fs_file_read(first, a, CHUNK, &got);
		if (!code)
			code = ext2fs_file_read(second, b, CHUNK, &got_second);
		if (code || !got)
			return code;
		if (!memcmp(a, b, got))
			continue;
		for (unsigned i = 0; a[i] == b[i]; i++)
			++*ret_offset;
		return 0;
	}
}

static int compare_contents(
	const struct comparison *comparison, const struct pair *pair, struct error *err)
{
	ext2_file_t files[2] = {NULL, NULL};
	struct ext4 *sides[] = {comparison->first, comparison->second};
	uint64_t size = EXT2_I_SIZE(&pair->inodes[0].large), offset = size;
	errcode_t code = 0;

	for (unsigned i = 0; !code && i < 2; i++)
		code = ext2fs_file_open2(sides[i]->fs, pair->numbers[i],
			(struct ext2_inode *)&pair->inodes[i].small, 0, &files[i]);
	if (!code)
		code = find_difference(files[0], files[1], &offset);
	for (unsigned i = 0; i < 2; i++)
		if (files[i])
			ext2fs_file_close(files[i]);
	if (code)
		return ext4_fail(
			&sides[0]->device, code, err, "%s: reading it in the image", pair->path);
	if (offset < size)
		difference_add(comparison->differences, "%s: its contents, from byte %llu on",
			pair->path, (unsigned long long)offset);
	return 0;
}

static int compare_directories(const struct comparison *comparison, const char *path,
	const ext2_ino_t numbers[2], struct error *err);

static int compare_pair(const struct comparison *comparison, struct pair *pair, struct error *err)
{
	const union inode *a = &pair->inodes[0], *b = &pair->inodes[1];
	size_t before = comparison->differences->count;

	compare_inodes(pair, comparison->differences);
	if (compare_xattrs(comparison, pair, err))
		return -1;
	mode_t type = a->large.i_mode & S_IFMT;
	if (type != (b->large.i_mode & S_IFMT))
		return 0;
	if (type == S_IFDIR)
		return compare_directories(
			comparison, strcmp(pair->path, "/") ? pair->path : "", pair->numbers, err);
	bool data = EXT2_I_SIZE(&a->large) && EXT2_I_SIZE(&a->large) == EXT2_I_SIZE(&b->large);
	if (data && ext2fs_inode_has_valid_blocks2(comparison->first->fs, (void *)&a->small))
		return compare_contents(comparison, pair, err);
	if (type != S_IFREG && comparison->differences->count == before &&
		memcmp(a->large.i_block, b->large.i_block, sizeof(a->large.i_block)))
		difference_add(comparison->differences, "%s: its %s", pair->path,
			type == S_IFLNK ? "target" : "device number");
	return 0;
}

/* Compares what both have under a path. */
static int compare_files(const struct comparison *comparison, const char *path, ext2_ino_t first,
	ext2_ino_t second, struct error *err)
{
	struct pair pair = {.path = path, .numbers = {first, second}};
	struct ext4 *sides[] = {comparison->first, comparison->second};

	for (unsigned i = 0; i < 2; i++) {
		int size = EXT2_INODE_SIZE(sides[i]->fs->super);
		errcode_t code = ext2fs_read_inode_full(sides[i]->fs, pair.numbers[i],
			&pair.inodes[i].small, size < INODE_MAX ? size : INODE_MAX);
		if (code)
			return ext4_fail(
				&sides[i]->device, code, err, "%s: reading its inode", path);
	}
	return compare_pair(comparison, &pair, err);
}

static int compare_directories(const struct comparison *comparison, const char *path,
	const ext2_ino_t numbers[2], struct error *err)
{
	cleanup(names_release) struct names first = {0}, second = {0};
	size_t a = 0, b = 0;

	if (interrupt_check(err) || list(comparison->first, numbers[0], &first, err) ||
		list(comparison->second, numbers[1], &second, err))
		return -1;
	while (a < first.count || b < second.count) {
		int order = a == first.count    ? 1
			    : b == second.count ? -1
						: strcmp(first.items[a].text, second.items[b].text);
		const struct name *name = order <= 0 ? &first.items[a] : &second.items[b];
		cleanup_free char *child = xasprintf("%s/%s", path, name->text);
		if (order)
			difference_add(comparison->differences, "%s: only the %s has it", child,
				order < 0 ? "first" : "second");
		else if (compare_files(comparison, child, first.items[a].inode,
				 second.items[b].inode, err))
			return -1;
		a += order <= 0;
		b += order >= 0;
	}
	return 0;
}

/* Which structure of the filesystem a block belongs to. */
static char *name_of_block(ext2_filsys fs, blk64_t block)
{
	if (block == 0)
		return xstrdup("ext4: the superblock");
	if (block <= fs->desc_blocks)
		return xstrdup("ext4: the group descriptors");
	for (dgrp_t i = 0; i < fs->group_desc_count; i++) {
		if (block == ext2fs_block_bitmap_loc(fs, i))
			return xasprintf("ext4: the block bitmap of group %u", i);
		if (block == ext2fs_inode_bitmap_loc(fs, i))
			return xasprintf("ext4: the inode bitmap of group %u", i);
		blk64_t table = ext2fs_inode_table_loc(fs, i);
		if (block >= table && block < table + fs->inode_blocks_per_group)
			return xasprintf("ext4: the inode table of group %u", i);
	}
	return xasprintf("ext4: block %llu", (unsigned long long)block);
}

static int compare_blocks(const struct comparison *comparison, struct error *err)
{
	const struct slice *first = &comparison->first->slice;
	ext2_filsys fs = comparison->first->fs;
	uint64_t offset = 0;

	for (;;) {
		if (slice_difference(first, &comparison->second->slice, &offset, err))
			return -1;
		if (offset >= first->length)
			return 0;
		cleanup_free char *name = name_of_block(fs, offset / fs->blocksize);
		difference_add(comparison->differences, "%s", name);
		offset += fs->blocksize;
	}
}

int ext4_compare(const struct slice *first, const struct slice *second,
	struct differences *differences, struct error *err)
{
	cleanup_ext4 struct ext4 *a = NULL, *b = NULL;
	struct comparison comparison = {.differences = differences};
	size_t before = differences->count;

	if (ext4_open(first, false, &a, err) || ext4_open(second, false, &b, err))
		return -1;
	comparison.first = a;
	comparison.second = b;
	if (compare_files(&comparison, "/", EXT2_ROOT_INO, EXT2_ROOT_INO, err))
		return -1;
	return differences->count == before ? compare_blocks(&comparison, err) : 0;
}
