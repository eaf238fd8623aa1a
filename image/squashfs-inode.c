/* Inodes of squashfs: fourteen kinds, two for each type of file. */
#include <endian.h>

#include "squashfs.h"

static int read_directory_inode(struct image_tree *tree, struct squashfs_cursor *cursor,
	bool is_long, struct squashfs_any *inode, struct error *err)
{
	struct squashfs_directory plain;
	struct squashfs_long_directory longer;

	if (is_long ? squashfs_read(tree, cursor, &longer, sizeof(longer), err)
		    : squashfs_read(tree, cursor, &plain, sizeof(plain), err))
		return -1;
	inode->block = le32toh(is_long ? longer.block : plain.block);
	inode->links = le32toh(is_long ? longer.links : plain.links);
	inode->size = is_long ? le32toh(longer.size) : le16toh(plain.size);
	inode->offset = le16toh(is_long ? longer.offset : plain.offset);
	if (is_long)
		inode->xattr = le32toh(longer.xattr);
	return 0;
}

static int read_file_inode(struct image_tree *tree, struct squashfs_cursor *cursor, bool is_long,
	struct squashfs_any *inode, struct error *err)
{
	struct squashfs_file plain;
	struct squashfs_long_file longer;

	inode->links = 1;
	if (is_long ? squashfs_read(tree, cursor, &longer, sizeof(longer), err)
		    : squashfs_read(tree, cursor, &plain, sizeof(plain), err))
		return -1;
	inode->start = is_long ? le64toh(longer.start) : le32toh(plain.start);
	inode->size = is_long ? le64toh(longer.size) : le32toh(plain.size);
	inode->fragment = le32toh(is_long ? longer.fragment : plain.fragment);
	inode->offset = le32toh(is_long ? longer.offset : plain.offset);
	if (is_long) {
		inode->links = le32toh(longer.links);
		inode->xattr = le32toh(longer.xattr);
	}
	return inode->size <= INT64_MAX ? 0
					: image_damaged(tree, cursor->block, err,
						  "inode %u: its size", inode->head.number);
}

/* Links, devices, FIFOs and sockets; the long ones have the number of their attributes last, links
 * behind their target. */
static int read_other_inode(struct image_tree *tree, struct squashfs_cursor *cursor,
	struct squashfs_any *inode, struct error *err)
{
	unsigned type = (inode->head.type - 1) % 7 + 1;
	bool is_long = inode->head.type > SQUASHFS_LONG;
	uint32_t words[2] = {0}, xattr;
	size_t length = type >= SQUASHFS_FIFO ? sizeof(words[0]) : sizeof(words);

	if (squashfs_read(tree, cursor, words, length, err))
		return -1;
	inode->links = le32toh(words[0]);
	inode->device = le32toh(words[1]);
	if (type == SQUASHFS_LINK)
		inode->size = le32toh(words[1]);
	inode->behind = *cursor;
	if (!is_long)
		return 0;
	struct squashfs_cursor last = *cursor;
	if (type == SQUASHFS_LINK)
		last.offset += inode->size < SQUASHFS_LINK_MAX ? inode->size : 0;
	if (squashfs_read(tree, &last, &xattr, sizeof(xattr), err))
		return -1;
	inode->xattr = le32toh(xattr);
	return 0;
}

int squashfs_read_inode(
	struct image_tree *tree, uint64_t place, struct squashfs_any *inode, struct error *err)
{
	struct squashfs_cursor cursor = squashfs_at(squashfs_state(tree)->super.inodes, place);
	struct squashfs_inode *head = &inode->head;

	*inode = (struct squashfs_any){.place = place, .xattr = (uint32_t)SQUASHFS_NO_XATTR};
	if (cursor.offset >= SQUASHFS_METADATA)
		return image_damaged(tree, cursor.block, err, "the place of an inode");
	if (squashfs_read(tree, &cursor, head, sizeof(*head), err))
		return -1;
	*head = (struct squashfs_inode){le16toh(head->type), le16toh(head->mode),
		le16toh(head->uid), le16toh(head->gid), le32toh(head->time), le32toh(head->number)};
	if (!head->type || head->type > 2 * SQUASHFS_LONG)
		return image_damaged(tree, cursor.block, err, "an inode of type %u", head->type);
	unsigned type = (head->type - 1) % 7 + 1;
	bool is_long = head->type > SQUASHFS_LONG;
	int result = type == SQUASHFS_DIRECTORY
			     ? read_directory_inode(tree, &cursor, is_long, inode, err)
		     : type == SQUASHFS_FILE ? read_file_inode(tree, &cursor, is_long, inode, err)
					     : read_other_inode(tree, &cursor, inode, err);
	if (type <= SQUASHFS_FILE)
		inode->behind = cursor;
	return result;
}
