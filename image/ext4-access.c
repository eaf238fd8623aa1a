#include "ext4-access.h"

#include <endian.h>
#include <errno.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "image-tree.h"

bool ext4_probe(const struct slice *slice)
{
	struct ext2_super_block super;
	struct error ignored = {0};

	if (slice_read(slice, SUPERBLOCK_OFFSET, &super, sizeof(super), &ignored)) {
		error_release(&ignored);
		return false;
	}
	return le16toh(super.s_magic) == EXT2_SUPER_MAGIC;
}

static void ext4_free(struct ext4 *ext4)
{
	if (ext4->fs)
		ext2fs_free(ext4->fs);
	error_release(&ext4->device.error);
	free(ext4);
}

/* What is written carries the time of the last change, so that equal changes give equal bytes. */
static errcode_t prepare_writing(ext2_filsys fs)
{
	fs->now = fs->super->s_wtime ? fs->super->s_wtime : 1;
	/* As the kernel does: copies of the superblock are for filesystems that were damaged. */
	fs->flags |= EXT2_FLAG_MASTER_SB_ONLY;
	return ext2fs_read_bitmaps(fs);
}

static int open_device(struct ext4 *ext4, bool writable, struct error *err)
{
	char name[EXT4_DEVICE_NAME];

	ext4_device_name(&ext4->device, name);
	errcode_t code = ext2fs_open2(name, NULL, EXT2_FLAG_64BITS | (writable ? EXT2_FLAG_RW : 0),
		0, 0, ext4_io_manager(), &ext4->fs);
	if (code)
		return ext4_fail(&ext4->device, code, err, "opening the ext4 filesystem");
	if (ext2fs_has_feature_journal_needs_recovery(ext4->fs->super))
		return error_set(err, STATUS_FAILED,
			"the ext4 filesystem was not unmounted: its journal holds changes; boot it "
			"and shut it down");
	code = writable ? prepare_writing(ext4->fs) : 0;
	return code ? ext4_fail(&ext4->device, code, err, "reading the ext4 filesystem") : 0;
}

/* Libext2fs trusts what it reads more than images of unknown origin deserve, so that these are
 * looked through before it sees them. */
static int check(const struct slice *slice, struct error *err)
{
	cleanup_image_tree struct image_tree *tree = NULL;

	return ext4_probe(slice) ? image_tree_open_as(&tree_reader_ext4, slice, &tree, err) : 0;
}

int ext4_open(const struct slice *slice, bool writable, struct ext4 **ret_ext4, struct error *err)
{
	if (check(slice, err))
		return -1;
	struct ext4 *ext4 = xcalloc(1, sizeof(*ext4));
	ext4->slice = *slice;
	ext4->device.slice = &ext4->slice;
	if (open_device(ext4, writable, err)) {
		ext4_free(ext4);
		return -1;
	}
	*ret_ext4 = ext4;
	return 0;
}

int ext4_close(struct ext4 *ext4, struct error *err)
{
	errcode_t code = ext2fs_close(ext4->fs);
	int result = 0;

	if (code)
		result = ext4_fail(&ext4->device, code, err, "closing the ext4 filesystem");
	else
		ext4->fs = NULL;
	ext4_free(ext4);
	return result;
}

void ext4_cleanup(struct ext4 **ext4)
{
	struct error ignored = {0};

	if (*ext4)
		ext4_close(*ext4, &ignored);
	error_release(&ignored);
}

bool ext4_exists(struct ext4 *ext4, const char *path)
{
	ext2_ino_t number;
	errcode_t code = ext2fs_namei(ext4->fs, EXT2_ROOT_INO, EXT2_ROOT_INO, path, &number);

	error_release(&ext4->device.error);
	return !code;
}

static errcode_t read_contents(ext2_file_t file, size_t limit, struct buffer *content)
{
	char block[65536];
	unsigned length;

	do {
		errcode_t code = ext2fs_file_read(file, block, sizeof(block), &length);
		if (code)
			return code;
		if (length > limit - content->length)
			return EXT2_ET_FILE_TOO_BIG;
		buffer_append(content, block, length);
	} while (length);
	return 0;
}

static errcode_t read_file(
	struct ext4 *ext4, const char *path, size_t limit, struct buffer *content)
{
	struct ext2_inode inode;
	ext2_ino_t number;
	ext2_file_t file;
	errcode_t code = ext2fs_namei_follow(ext4->fs, EXT2_ROOT_INO, EXT2_ROOT_INO, path, &number);

	if (!code)
		code = ext2fs_file_open2(ext4->fs, number, NULL, 0, &file);
	if (code)
		return code;
	code = ext2fs_read_inode(ext4->fs, number, &inode);
	if (!code)
		code = S_ISREG(inode.i_mode) ? read_contents(file, limit, content) : EINVAL;
	ext2fs_file_close(file);
	return code;
}

int ext4_read_file(struct ext4 *ext4, const char *path, size_t limit, struct buffer *ret_content,
	struct error *err)
{
	cleanup_buffer struct buffer content = {0};
	errcode_t code = read_file(ext4, path, limit, &content);

	if (code == EXT2_ET_FILE_TOO_BIG)
		return error_set(err, STATUS_FAILED, "%s: larger than %zu bytes", path, limit);
	if (code)
		return ext4_fail(&ext4->device, code, err, "%s: reading it in the image", path);
	buffer_append(&content, "", 0);
	*ret_content = content;
	content = (struct buffer){0};
	return 0;
}
