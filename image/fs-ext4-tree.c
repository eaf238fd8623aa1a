#include "fs-ext4.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"

enum {
	LINKS_MAX = 65000,
	LOST_AND_FOUND_BLOCKS = 4,
	FAST_LINK = sizeof(((struct ext2_inode *)NULL)->i_block),
};

static int new_inode(
	struct ext4_writer *writer, mode_t mode, ext2_ino_t *ret_number, struct error *err)
{
	ext2_ino_t number = writer->last_inode + 1;

	if (number > writer->fs->super->s_inodes_count)
		return error_set(err, STATUS_FAILED, "the tree grew while it was read");
	ext2fs_inode_alloc_stats2(writer->fs, number, +1, S_ISDIR(mode));
	*ret_number = writer->last_inode = number;
	return 0;
}

/* 34 bits of seconds: the upper two share a word with the nanoseconds. */
static void encode_time(const struct timespec *time, uint32_t *ret_seconds, uint32_t *ret_extra)
{
	int32_t low = (int32_t)time->tv_sec;
	uint64_t epoch = ((uint64_t)time->tv_sec - (uint64_t)(int64_t)low) >> 32;

	*ret_seconds = (uint32_t)low;
	*ret_extra = (uint32_t)time->tv_nsec << 2 | (epoch & 3);
}

/* Everything but the contents. Of times only the modification's belongs to the tree; the others are
 * the host's, and are set to the same. */
static void fill_inode(const struct ext4_writer *writer, const struct stat *status,
	struct ext2_inode_large *ret_inode)
{
	struct timespec time = status->st_mtim;

	if (time.tv_sec >= (int64_t)writer->options->epoch)
		time = (struct timespec){.tv_sec = writer->options->epoch};
	*ret_inode = (struct ext2_inode_large){
		.i_mode = status->st_mode,
		.i_uid = status->st_uid & 0xffff,
		.i_gid = status->st_gid & 0xffff,
		.i_links_count = 1,
		.i_extra_isize = sizeof(*ret_inode) - EXT2_GOOD_OLD_INODE_SIZE,
	};
	ret_inode->i_uid_high = status->st_uid >> 16;
	ret_inode->i_gid_high = status->st_gid >> 16;
	encode_time(&time, &ret_inode->i_mtime, &ret_inode->i_mtime_extra);
	ret_inode->i_atime = ret_inode->i_ctime = ret_inode->i_crtime = ret_inode->i_mtime;
	ret_inode->i_atime_extra = ret_inode->i_ctime_extra = ret_inode->i_crtime_extra =
		ret_inode->i_mtime_extra;
}

static void set_size(struct ext2_inode_large *inode, uint64_t size)
{
	inode->i_size = size & 0xffffffff;
	inode->i_size_high = size >> 32;
}

static int write_inode(struct ext4_writer *writer, ext2_ino_t number,
	struct ext2_inode_large *inode, struct error *err)
{
	errcode_t code =
		ext2fs_write_inode_full(writer->fs, number, EXT2_INODE(inode), sizeof(*inode));

	return code ? ext4_writer_fail(writer, code, "writing an inode", err) : 0;
}

static int write_file(struct ext4_writer *writer, const struct tree_entry *entry, ext2_ino_t number,
	struct ext2_inode_large *inode, struct error *err)
{
	cleanup_fd int fd = openat(
		entry->directory, entry->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return error_errno(err, errno, "opening");
	set_size(inode, entry->status.st_size);
	if (ext4_base_enter(writer, entry->path, err) ||
		ext4_contents_copy(writer, fd, &entry->status, err))
		return -1;
	return ext4_contents_finish(writer, number, inode, err);
}

/* A short target lies in the inode, a long one in a block. */
static int write_link(struct ext4_writer *writer, const struct tree_entry *entry, ext2_ino_t number,
	struct ext2_inode_large *inode, struct error *err)
{
	uint8_t target[EXT4_BLOCK] = {0};
	ssize_t length = readlinkat(entry->directory, entry->name, (char *)target, sizeof(target));

	if (length < 0)
		return error_errno(err, errno, "reading the link");
	set_size(inode, length);
	if (length < FAST_LINK) {
		memcpy(inode->i_block, target, length);
		return 0;
	}
	if (ext4_contents_add(writer, 0, target, 1, err))
		return -1;
	return ext4_contents_finish(writer, number, inode, err);
}

/* The old 8:8 form where it will do, else Linux's 12:20 form in the second word. */
static void set_device(struct ext2_inode_large *inode, dev_t device)
{
	uint32_t major = major(device), minor = minor(device);

	if (major < 256 && minor < 256)
		inode->i_block[0] = major << 8 | minor;
	else
		inode->i_block[1] = (minor & 0xff) | major << 8 | (minor & ~0xffu) << 12;
}

/* One more link to a file that is already there. */
static int count_link(struct ext4_writer *writer, ext2_ino_t number, struct error *err)
{
	struct ext2_inode inode;
	errcode_t code = ext2fs_read_inode(writer->fs, number, &inode);

	if (!code && inode.i_links_count >= LINKS_MAX)
		return error_set(err, STATUS_FAILED,
			"a file with more than %d names, which ext4 cannot have", LINKS_MAX);
	inode.i_links_count++;
	if (!code)
		code = ext2fs_write_inode(writer->fs, number, &inode);
	return code ? ext4_writer_fail(writer, code, "adding a name to a file", err) : 0;
}

static int write_entry(struct ext4_writer *writer, const struct tree_entry *entry,
	ext2_ino_t number, struct error *err)
{
	struct ext2_inode_large inode;
	mode_t mode = entry->status.st_mode;

	fill_inode(writer, &entry->status, &inode);
	if (S_ISREG(mode)) {
		if (write_file(writer, entry, number, &inode, err))
			return -1;
	} else if (S_ISLNK(mode)) {
		if (write_link(writer, entry, number, &inode, err))
			return -1;
	} else if (S_ISCHR(mode) || S_ISBLK(mode)) {
		set_device(&inode, entry->status.st_rdev);
	}
	if (write_inode(writer, number, &inode, err))
		return -1;
	return ext4_xattrs_copy(writer, number, entry, err);
}

static struct ext4_directory *innermost(struct ext4_writer *writer)
{
	return &writer->directories.items[writer->directories.count - 1];
}

/* Ends the innermost directory. */
static int finish_directory(
	struct ext4_writer *writer, const struct stat *status, struct error *err)
{
	struct ext4_directory *directory = innermost(writer);
	unsigned links = 2 + directory->subdirectories;
	struct ext2_inode_large inode;

	fill_inode(writer, status, &inode);
	if (ext4_directory_write(writer, directory, err))
		return -1;
	set_size(&inode, directory->blocks.length);
	if (directory->index_blocks)
		inode.i_flags |= EXT2_INDEX_FL;
	/* The feature dir_nlink: 1 means more than can be counted. */
	inode.i_links_count = links <= LINKS_MAX ? links : 1;
	if (ext4_contents_finish(writer, directory->inode, &inode, err) ||
		write_inode(writer, directory->inode, &inode, err))
		return -1;
	buffer_release(&directory->blocks);
	writer->directories.count--;
	return 0;
}

/* Adds an inode for `name` to the innermost directory; a directory becomes the innermost one. */
static int begin_entry(struct ext4_writer *writer, const char *name, mode_t mode,
	ext2_ino_t *ret_number, struct error *err)
{
	struct ext4_directory *parent = innermost(writer);

	if (new_inode(writer, mode, ret_number, err))
		return -1;
	ext4_directory_add(parent, *ret_number, name, mode);
	if (S_ISDIR(mode)) {
		ext2_ino_t above = parent->inode;
		ext4_directory_init(vector_add(&writer->directories), *ret_number, above);
	}
	return 0;
}

static int add_lost_and_found(struct ext4_writer *writer, struct error *err)
{
	const struct stat status = {
		.st_mode = S_IFDIR | 0700, .st_mtim.tv_sec = writer->options->epoch};
	ext2_ino_t number;

	if (begin_entry(writer, "lost+found", status.st_mode, &number, err))
		return -1;
	ext4_directory_pad(innermost(writer), LOST_AND_FOUND_BLOCKS);
	return finish_directory(writer, &status, err);
}

static int begin_tree(struct ext4_writer *writer, bool has_lost_and_found, struct error *err)
{
	ext2fs_inode_alloc_stats2(writer->fs, EXT2_ROOT_INO, +1, 1);
	ext4_directory_init(vector_add(&writer->directories), EXT2_ROOT_INO, EXT2_ROOT_INO);
	return has_lost_and_found ? 0 : add_lost_and_found(writer, err);
}

static int enter(void *context, const struct tree_entry *entry, struct error *err)
{
	struct ext4_writer *writer = context;
	const struct stat *status = &entry->status;
	bool is_directory = S_ISDIR(status->st_mode);
	uint32_t *known = NULL;
	ext2_ino_t number;

	if (!entry->depth)
		return begin_tree(writer, file_exists(entry->directory, "lost+found"), err);
	if (!is_directory && status->st_nlink > 1)
		known = hardlinks_number(&writer->hardlinks, status);
	if (known && *known) {
		ext4_directory_add(innermost(writer), *known, entry->name, status->st_mode);
		return count_link(writer, *known, err);
	}
	if (begin_entry(writer, entry->name, status->st_mode, &number, err))
		return -1;
	if (known)
		*known = number;
	return is_directory ? 0 : write_entry(writer, entry, number, err);
}

static int leave(void *context, const struct tree_entry *entry, struct error *err)
{
	struct ext4_writer *writer = context;
	ext2_ino_t number = innermost(writer)->inode;

	if (finish_directory(writer, &entry->status, err))
		return -1;
	return ext4_xattrs_copy(writer, number, entry, err);
}

int ext4_write_tree(struct ext4_writer *writer, int tree, struct error *err)
{
	const struct tree_visitor visitor = {.enter = enter, .leave = leave, .context = writer};
	const struct stat status = {
		.st_mode = S_IFDIR | 0755, .st_mtim.tv_sec = writer->options->epoch};

	if (tree >= 0)
		return tree_walk(tree, &visitor, err);
	return begin_tree(writer, false, err) ? -1 : finish_directory(writer, &status, err);
}
