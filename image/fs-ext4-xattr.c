#include "fs-ext4.h"
#include "xattr.h"

/* The attributes of one inode; the handle is opened for the first of them. */
struct copying {
	struct ext4_writer *writer;
	ext2_ino_t inode;
	struct ext2_xattr_handle *attributes; /* owned */
};

static int copy_one(
	void *context, const char *name, const void *value, size_t length, struct error *err)
{
	struct copying *copying = context;
	struct ext4_writer *writer = copying->writer;
	errcode_t code = 0;

	if (!copying->attributes)
		code = ext2fs_xattrs_open(writer->fs, copying->inode, &copying->attributes);
	if (!code)
		code = ext2fs_xattr_set(copying->attributes, name, value, length);
	if (code == EXT2_ET_EA_NO_SPACE)
		return error_set(err, STATUS_FAILED,
			"extended attribute %s: ext4 keeps at most 4 KiB of them for a file", name);
	return code ? ext4_writer_fail(writer, code, "writing extended attributes", err) : 0;
}

int ext4_xattrs_copy(struct ext4_writer *writer, ext2_ino_t inode, const struct tree_entry *entry,
	struct error *err)
{
	struct copying copying = {.writer = writer, .inode = inode};
	int result = xattrs_each(entry, copy_one, &copying, err);

	if (copying.attributes)
		ext2fs_xattrs_close(&copying.attributes);
	return result;
}
