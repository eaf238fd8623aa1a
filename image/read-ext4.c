/* ext2, ext3 and ext4 as a tree of files. */
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "base/interrupt.h"
#include "base/size.h"
#include "ext4-read.h"
#include "ext4.h"
#include "hardlinks.h"

enum {
	ENTRY_HEAD = 8, /* of an entry of a directory, before its name */
	LINK_MAX_LENGTH = 4096,
	SECTOR = 512,
};

struct loading {
	struct image_tree *tree;
	struct hardlinks inodes; /* read already: 1 + the index of their first file */
	struct hardlinks blocks; /* of directories, read already */
	uint8_t *block;          /* of a directory; owned */
	struct ext4_runs runs;   /* of a directory, or of a link */
};

static uint32_t *number_of(struct hardlinks *set, uint64_t value)
{
	const struct stat key = {.st_ino = value};

	return hardlinks_number(set, &key);
}

/* The seconds beyond 2038, two bits of them, and nanoseconds are in a second field. */
static int64_t seconds_of(uint32_t seconds, uint32_t extra)
{
	return (int64_t)(int32_t)le32toh(seconds) + ((int64_t)(le32toh(extra) & 3) << 32);
}

static uint64_t whole_time(uint32_t seconds, uint32_t extra)
{
	return (uint64_t)le32toh(extra) << 32 | le32toh(seconds);
}

static bool has_field(const struct ext4_inode *inode, size_t end)
{
	return end <= EXT2_GOOD_OLD_INODE_SIZE + (size_t)le16toh(inode->large.i_extra_isize);
}

#define extra_of(inode, field)                                                                     \
	(has_field(inode, offsetof(struct ext2_inode_large, field) + sizeof((inode)->large.field)) \
			? (inode)->large.field                                                     \
			: 0)

static const struct image_file_details *details_of(
	struct image_tree *tree, const struct ext4_inode *inode)
{
	struct image_file_details *details = arena_alloc(&tree->arena, sizeof(*details));

	*details = (struct image_file_details){
		.access_time = whole_time(inode->large.i_atime, extra_of(inode, i_atime_extra)),
		.change_time = whole_time(inode->large.i_ctime, extra_of(inode, i_ctime_extra)),
		.creation_time =
			whole_time(extra_of(inode, i_crtime), extra_of(inode, i_crtime_extra)),
		.flags = le32toh(inode->large.i_flags),
		.generation = le32toh(inode->large.i_generation),
	};
	return details;
}

static uint64_t stored_bytes(const struct image_tree *tree, const struct ext4_inode *inode)
{
	uint64_t blocks = le32toh(inode->large.i_blocks) |
			  (uint64_t)le16toh(inode->large.osd2.linux2.l_i_blocks_hi) << 32;

	return blocks * (le32toh(inode->large.i_flags) & EXT4_HUGE_FILE_FL
					? ext4_state(tree)->block_size
					: SECTOR);
}

/* Linux keeps small device numbers in the first block's place, others in the second's. */
static dev_t device_of(const struct ext4_inode *inode)
{
	uint32_t old = le32toh(inode->large.i_block[0]), new = le32toh(inode->large.i_block[1]);

	return old ? makedev(old >> 8 & 0xff, old & 0xff)
		   : makedev((new & 0xfff00) >> 8, (new & 0xff) | (new >> 12 & 0xfff00));
}

static int read_target(struct loading *loading, const struct ext4_inode *inode,
	struct image_file *file, struct error *err)
{
	struct image_tree *tree = loading->tree;
	uint64_t length = ext4_inode_size(inode);
	const char *inside = (const char *)inode->large.i_block;

	if (length >= LINK_MAX_LENGTH || !length)
		return image_damaged(tree, inode->place, err, "inode %u: a link of %llu bytes",
			inode->number, (unsigned long long)length);
	char *target = arena_alloc(&tree->arena, length + 1);
	file->target = target;
	if (length < sizeof(inode->large.i_block)) {
		memcpy(target, inside, length);
		return 0;
	}
	if (ext4_map(tree, inode, &loading->runs, err))
		return -1;
	const struct ext4_run *run = ext4_run_find(&loading->runs, 0);
	if (!run || run->logical)
		return image_damaged(
			tree, inode->place, err, "inode %u: a link without target", inode->number);
	uint64_t place = run->physical * ext4_state(tree)->block_size;
	return slice_read(&tree->slice, place, target, length, err);
}

static int fill(struct loading *loading, const struct ext4_inode *inode, struct image_file *file,
	struct error *err)
{
	const struct ext2_inode_large *large = &inode->large;

	file->mode = le16toh(large->i_mode);
	file->uid = le16toh(large->i_uid) | (uint32_t)le16toh(large->osd2.linux2.l_i_uid_high)
						    << 16;
	file->gid = le16toh(large->i_gid) | (uint32_t)le16toh(large->osd2.linux2.l_i_gid_high)
						    << 16;
	file->size = S_ISREG(file->mode) ? ext4_inode_size(inode) : 0;
	file->stored = stored_bytes(loading->tree, inode);
	file->inode = file->place = inode->number;
	file->links = le16toh(large->i_links_count);
	file->seconds = seconds_of(large->i_mtime, extra_of(inode, i_mtime_extra));
	file->nanoseconds = le32toh(extra_of(inode, i_mtime_extra)) >> 2;
	file->details = details_of(loading->tree, inode);
	if (S_ISCHR(file->mode) || S_ISBLK(file->mode))
		file->device = device_of(inode);
	if (S_ISLNK(file->mode) && read_target(loading, inode, file, err))
		return -1;
	return ext4_read_xattrs(loading->tree, inode, file, err);
}

/* A name of an inode; those after the first are as the first is. */
static int add_file(struct loading *loading, const char *path, ext2_ino_t number, struct error *err)
{
	struct image_tree *tree = loading->tree;
	uint32_t *first = number_of(&loading->inodes, number);
	struct image_file file = {.path = path};

	if (*first) {
		file = tree->files.items[*first - 1];
		file.path = path;
		if (S_ISDIR(file.mode))
			return error_set(err, STATUS_FAILED,
				"ext4: damaged: the directory %s is %s too", file.path,
				tree->files.items[*first - 1].path);
	} else {
		struct ext4_inode inode;
		if (ext4_read_inode(tree, number, &inode, err) || fill(loading, &inode, &file, err))
			return error_wrap(err, "%s", path);
		*first = tree->files.count + 1;
	}
	*image_tree_add(tree) = file;
	return 0;
}

static bool is_dot(const uint8_t *name, size_t length)
{
	return (length == 1 && name[0] == '.') || (length == 2 && name[0] == '.' && name[1] == '.');
}

/* The block at `place` that is in loading->block. */
static int read_entries(
	struct loading *loading, const char *directory, uint64_t place, struct error *err)
{
	struct image_tree *tree = loading->tree;
	uint32_t size = ext4_state(tree)->block_size;

	for (uint32_t at = 0, length; at < size; at += length) {
		const uint8_t *bytes = loading->block + at;
		struct ext2_dir_entry_2 entry;
		if (size - at < ENTRY_HEAD)
			return image_damaged(tree, place + at, err, "the directory %s", directory);
		memcpy(&entry, bytes, ENTRY_HEAD);
		length = le16toh(entry.rec_len);
		if (length == 0 || length == UINT16_MAX) /* blocks of 64 KiB */
			length = 65536;
		if (length < ENTRY_HEAD || length % 4 || length > size - at ||
			(entry.inode && entry.name_len > length - ENTRY_HEAD))
			return image_damaged(tree, place + at, err,
				"the directory %s: an entry that does not fit", directory);
		bytes += ENTRY_HEAD;
		if (!entry.inode || is_dot(bytes, entry.name_len))
			continue;
		const char *path;
		if (image_tree_name(
			    tree, directory, (const char *)bytes, entry.name_len, &path, err))
			return image_damaged(tree, place + at, err,
				"the directory %s: a name that no file can have", directory);
		if (add_file(loading, path, le32toh(entry.inode), err))
			return -1;
	}
	return 0;
}

/* The end of a directory's block may be an entry of no inode that holds a checksum. */
static int check_block(const struct loading *loading, const struct ext4_inode *inode,
	uint64_t place, struct error *err)
{
	const struct ext4_state *state = ext4_state(loading->tree);
	size_t end = state->block_size - sizeof(struct ext2_dir_entry_tail);
	struct ext2_dir_entry_tail tail;

	memcpy(&tail, loading->block + end, sizeof(tail));
	if (!state->checksums || tail.det_reserved_zero1 ||
		le16toh(tail.det_rec_len) != sizeof(tail) ||
		le16toh(tail.det_reserved_name_len) != EXT2_DIR_NAME_LEN_CSUM)
		return 0;
	if (ext2fs_crc32c_le(inode->seed, loading->block, end) == le32toh(tail.det_checksum))
		return 0;
	return image_damaged(loading->tree, place, err,
		"directory (inode %u): wrong checksum of its block", inode->number);
}

static int read_run(struct loading *loading, const char *path, const struct ext4_inode *inode,
	const struct ext4_run *run, struct error *err)
{
	uint32_t size = ext4_state(loading->tree)->block_size;

	for (uint64_t block = run->physical; block < run->physical + run->count; block++) {
		uint64_t place = block * size;
		if (interrupt_check(err) ||
			slice_read(&loading->tree->slice, place, loading->block, size, err))
			return -1;
		if ((*number_of(&loading->blocks, block))++)
			return image_damaged(loading->tree, place, err,
				"the directory %s: its block is another's as well", path);
		if (check_block(loading, inode, place, err) ||
			read_entries(loading, path, place, err))
			return -1;
	}
	return 0;
}

static int read_directory(struct loading *loading, const struct image_file *file, struct error *err)
{
	struct image_tree *tree = loading->tree;
	const char *path = file->path;
	struct ext4_inode inode;

	if (ext4_read_inode(tree, file->inode, &inode, err) ||
		ext4_map(tree, &inode, &loading->runs, err))
		return error_wrap(err, "%s", path);
	uint64_t end = divide_up(ext4_inode_size(&inode), ext4_state(tree)->block_size);
	vector_for_each (run, &loading->runs) {
		struct ext4_run part = *run;
		if (part.logical >= end || part.unwritten)
			continue;
		if (part.count > end - part.logical)
			part.count = end - part.logical;
		if (read_run(loading, path, &inode, &part, err))
			return -1;
	}
	return 0;
}

static int load_all(struct loading *loading, struct error *err)
{
	struct image_tree *tree = loading->tree;

	if (ext4_state_load(tree, err))
		return -1;
	loading->block = xmalloc(ext4_state(tree)->block_size);
	if (add_file(loading, "/", EXT2_ROOT_INO, err))
		return -1;
	if (!S_ISDIR(tree->files.items[0].mode))
		return error_set(err, STATUS_FAILED, "ext4: damaged: its root is no directory");
	for (size_t i = 0; i < tree->files.count; i++) {
		const struct image_file file = tree->files.items[i];
		if (S_ISDIR(file.mode) && read_directory(loading, &file, err))
			return -1;
	}
	return 0;
}

static int load(struct image_tree *tree, struct error *err)
{
	struct loading loading = {.tree = tree};
	int result = load_all(&loading, err);

	hardlinks_release(&loading.inodes);
	hardlinks_release(&loading.blocks);
	vector_release(&loading.runs);
	free(loading.block);
	return result;
}

/* Keeps the map of the file that was read last. */
static int map_file(struct image_tree *tree, const struct image_file *file, struct error *err)
{
	struct ext4_state *state = ext4_state(tree);
	struct ext4_inode inode;

	if (state->mapped == file->place)
		return 0;
	state->mapped = 0;
	if (ext4_read_inode(tree, file->place, &inode, err) ||
		ext4_map(tree, &inode, &state->runs, err))
		return -1;
	state->mapped = file->place;
	return 0;
}

/* What there is from a byte of the mapped file on: the byte of the slice, or no data; and how far.
 */
static bool find_data(
	const struct ext4_state *state, uint64_t offset, uint64_t *ret_place, uint64_t *ret_length)
{
	uint64_t block = offset / state->block_size, inside = offset % state->block_size;
	const struct ext4_run *run = ext4_run_find(&state->runs, block);

	if (!run || run->logical > block) {
		*ret_length =
			run ? (run->logical - block) * state->block_size - inside : UINT64_MAX;
		return false;
	}
	uint64_t into = block - run->logical;
	*ret_length = (run->count - into) * state->block_size - inside;
	*ret_place = (run->physical + into) * state->block_size + inside;
	return !run->unwritten;
}

static int read_file(struct image_tree *tree, const struct image_file *file, uint64_t offset,
	void *data, uint64_t length, struct error *err)
{
	uint8_t *bytes = data;

	if (map_file(tree, file, err))
		return -1;
	while (length) {
		uint64_t place = 0, piece;
		bool has_data = find_data(ext4_state(tree), offset, &place, &piece);
		if (piece > length)
			piece = length;
		if (!has_data)
			memset(bytes, 0, piece);
		else if (slice_read(&tree->slice, place, bytes, piece, err))
			return -1;
		bytes += piece;
		offset += piece;
		length -= piece;
	}
	return 0;
}

static int find_hole(struct image_tree *tree, const struct image_file *file, uint64_t offset,
	uint64_t *ret_length, struct error *err)
{
	uint64_t place, piece;

	if (map_file(tree, file, err))
		return -1;
	if (!find_data(ext4_state(tree), offset, &place, &piece))
		*ret_length = piece < file->size - offset ? piece : file->size - offset;
	return 0;
}

static void release(struct image_tree *tree)
{
	struct ext4_state *state = ext4_state(tree);

	if (state) {
		vector_release(&state->runs);
		free(state->inodes);
	}
	free(state);
}

const struct tree_reader tree_reader_ext4 = {
	.name = "ext4",
	.has_owners = true,
	.recognize = ext4_probe,
	.load = load,
	.read = read_file,
	.hole = find_hole,
	.release = release,
};
