#include "ext4-access.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"

/* The directory with this name in `parent`, made if there is none. */
static errcode_t enter_directory(
	struct ext4 *ext4, ext2_ino_t parent, const char *name, ext2_ino_t *ret_number)
{
	errcode_t code = ext2fs_namei_follow(ext4->fs, EXT2_ROOT_INO, parent, name, ret_number);

	if (code != EXT2_ET_FILE_NOT_FOUND)
		return code ? code : ext2fs_check_directory(ext4->fs, *ret_number);
	code = ext2fs_mkdir(ext4->fs, parent, 0, name);
	if (code == EXT2_ET_DIR_NO_SPACE) {
		code = ext2fs_expand_dir(ext4->fs, parent);
		if (!code)
			code = ext2fs_mkdir(ext4->fs, parent, 0, name);
	}
	return code ? code : ext2fs_namei(ext4->fs, EXT2_ROOT_INO, parent, name, ret_number);
}

/* Goes to the directory that holds the path's last part; `parts` is a copy of the path, cut up. */
static errcode_t enter_parents(
	struct ext4 *ext4, char *parts, ext2_ino_t *ret_parent, const char **ret_name)
{
	ext2_ino_t parent = EXT2_ROOT_INO;
	const char *name = strsep(&parts, "/");

	for (const char *next; (next = strsep(&parts, "/")); name = next) {
		errcode_t code = *name ? enter_directory(ext4, parent, name, &parent) : 0;
		if (code)
			return code;
	}
	*ret_parent = parent;
	*ret_name = name;
	return *name ? 0 : EINVAL;
}

static int free_block(ext2_filsys fs, blk64_t *block, e2_blkcnt_t index, blk64_t referrer,
	int offset, void *context)
{
	(void)index, (void)referrer, (void)offset, (void)context;
	ext2fs_block_alloc_stats2(fs, *block, -1);
	return 0;
}

/* Not by ext2fs_punch(): it refuses a file that has the filesystem's last block. */
static errcode_t free_blocks(ext2_filsys fs, ext2_ino_t number, struct ext2_inode_large *inode)
{
	if (!ext2fs_inode_has_valid_blocks2(fs, EXT2_INODE(inode)))
		return 0;
	return ext2fs_block_iterate3(fs, number, BLOCK_FLAG_READ_ONLY, NULL, free_block, NULL);
}

/* One name less; without names the inode and its blocks are free. */
static errcode_t drop_inode(struct ext4 *ext4, ext2_ino_t number)
{
	struct ext2_inode_large inode;
	ext2_filsys fs = ext4->fs;
	errcode_t code = ext2fs_read_inode_full(fs, number, EXT2_INODE(&inode), sizeof(inode));

	if (code)
		return code;
	if (--inode.i_links_count == 0) {
		inode.i_dtime = fs->now;
		code = ext2fs_free_ext_attr(fs, number, &inode);
		if (!code)
			code = free_blocks(fs, number, &inode);
		if (code)
			return code;
		ext2fs_inode_alloc_stats2(fs, number, -1, 0);
	}
	return ext2fs_write_inode_full(fs, number, EXT2_INODE(&inode), sizeof(inode));
}

static errcode_t remove_name(struct ext4 *ext4, ext2_ino_t parent, const char *name)
{
	ext2_ino_t number;
	errcode_t code = ext2fs_lookup(ext4->fs, parent, name, strlen(name), NULL, &number);

	if (code == EXT2_ET_FILE_NOT_FOUND)
		return 0;
	if (code)
		return code;
	if (!ext2fs_check_directory(ext4->fs, number))
		return EISDIR;
	code = ext2fs_unlink(ext4->fs, parent, name, number, 0);
	return code ? code : drop_inode(ext4, number);
}

static errcode_t add_name(
	struct ext4 *ext4, ext2_ino_t parent, const char *name, ext2_ino_t number, int type)
{
	errcode_t code = ext2fs_link(ext4->fs, parent, name, number, type);

	if (code != EXT2_ET_DIR_NO_SPACE)
		return code;
	code = ext2fs_expand_dir(ext4->fs, parent);
	return code ? code : ext2fs_link(ext4->fs, parent, name, number, type);
}

static errcode_t write_contents(
	struct ext4 *ext4, ext2_ino_t number, const char *data, size_t length)
{
	ext2_file_t file;
	errcode_t code = ext2fs_file_open(ext4->fs, number, EXT2_FILE_WRITE, &file);

	if (code)
		return code;
	while (length && !code) {
		unsigned written, most = length < 1u << 30 ? length : 1u << 30;
		code = ext2fs_file_write(file, data, most, &written);
		data += written;
		length -= written;
	}
	errcode_t closing = ext2fs_file_close(file);
	return code ? code : closing;
}

/* An inode with the contents, still without a name. */
static errcode_t make_file(struct ext4 *ext4, ext2_ino_t parent, const void *data, size_t length,
	mode_t mode, ext2_ino_t *ret_number)
{
	ext2_filsys fs = ext4->fs;
	struct ext2_inode inode = {.i_mode = S_IFREG | (mode & 07777), .i_links_count = 1};
	ext2_extent_handle_t handle;
	ext2_ino_t number;
	errcode_t code = ext2fs_new_inode(fs, parent, inode.i_mode, NULL, &number);

	if (code)
		return code;
	ext2fs_inode_alloc_stats2(fs, number, +1, 0);
	if (ext2fs_has_feature_extents(fs->super)) {
		code = ext2fs_extent_open2(fs, number, &inode, &handle);
		if (code)
			return code;
		ext2fs_extent_free(handle);
	}
	code = ext2fs_write_new_inode(fs, number, &inode);
	if (code)
		return code;
	code = write_contents(ext4, number, data, length);
	if (code)
		drop_inode(ext4, number);
	*ret_number = number;
	return code;
}

static errcode_t put_file(
	struct ext4 *ext4, char *parts, const void *data, size_t length, mode_t mode)
{
	ext2_ino_t parent, number;
	const char *name;
	errcode_t code = enter_parents(ext4, parts, &parent, &name);

	if (!code)
		code = make_file(ext4, parent, data, length, mode, &number);
	if (code)
		return code;
	code = remove_name(ext4, parent, name);
	if (!code)
		code = add_name(ext4, parent, name, number, EXT2_FT_REG_FILE);
	if (code)
		drop_inode(ext4, number);
	return code;
}

int ext4_write_file(struct ext4 *ext4, const char *path, const void *data, size_t length,
	mode_t mode, struct error *err)
{
	cleanup_free char *parts = xstrdup(path);
	errcode_t code = put_file(ext4, parts, data, length, mode);

	return code ? ext4_fail(&ext4->device, code, err, "%s: writing it in the image", path) : 0;
}

static errcode_t put_link(struct ext4 *ext4, char *parts, const char *target)
{
	ext2_ino_t parent;
	const char *name;
	errcode_t code = enter_parents(ext4, parts, &parent, &name);

	if (code)
		return code;
	code = remove_name(ext4, parent, name);
	if (!code)
		code = ext2fs_symlink(ext4->fs, parent, 0, name, target);
	if (code != EXT2_ET_DIR_NO_SPACE)
		return code;
	code = ext2fs_expand_dir(ext4->fs, parent);
	return code ? code : ext2fs_symlink(ext4->fs, parent, 0, name, target);
}

int ext4_symlink(struct ext4 *ext4, const char *path, const char *target, struct error *err)
{
	cleanup_free char *parts = xstrdup(path);
	errcode_t code = put_link(ext4, parts, target);

	return code ? ext4_fail(&ext4->device, code, err, "%s: linking it in the image", path) : 0;
}
