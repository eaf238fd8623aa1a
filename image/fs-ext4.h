/*
 * The ext4 writer's inside. Inodes are numbered and blocks are given out in the order of the walk,
 * so that files lie one behind the other and leave in long writes:
 *
 *     tree_walk -> inode, extended attributes -> libext2fs -> io_manager (ext4-io) -> slice
 *               -> contents, directories      -> stream ----------^
 */
#pragma once

#include "base/memory.h"
#include "base/text.h"
#include "ext4-io.h"
#include "filesystem.h"
#include "hardlinks.h"
#include "tree.h"

enum { EXT4_BLOCK_LOG = 12, EXT4_BLOCK = 1 << EXT4_BLOCK_LOG };

/* Consecutive blocks on their way to the disk. */
struct ext4_stream {
	blk64_t start;
	size_t count;
	uint8_t *data; /* owned */
};

/* A directory that the walk is in: its blocks so far. */
struct ext4_directory {
	ext2_ino_t inode;
	unsigned subdirectories;
	struct buffer blocks;
	size_t last; /* offset of the last entry, which is stretched to its block's end */
};

struct ext4_writer {
	ext2_filsys fs; /* owned */
	struct ext4_device device;
	const struct filesystem_options *options; /* borrowed */
	struct tree_measure need;
	uint64_t room; /* blocks that were free before the first file */
	ext2_ino_t last_inode;
	blk64_t next_block; /* where to look for free blocks */
	struct ext4_stream stream;
	uint8_t *chunk; /* of a file being read; owned */
	struct hardlinks hardlinks;
	vector(struct ext2fs_extent) extents;      /* of the contents being written */
	vector(struct ext4_directory) directories; /* from the root to where the walk is */
};

/* fs-ext4.c: the error of a failed call of libext2fs; says what is missing when the disk is full.
 */
int ext4_writer_fail(
	struct ext4_writer *writer, errcode_t code, const char *what, struct error *err);

/* fs-ext4-contents.c: blocks of one inode after the other. */
void ext4_contents_init(struct ext4_writer *writer);
/* Puts blocks at `logical` of the current inode's contents, behind those already there. */
int ext4_contents_add(struct ext4_writer *writer, uint64_t logical, const uint8_t *data,
	size_t blocks, struct error *err);
/* Reads a regular file into the contents; blocks of zeros become holes. */
int ext4_contents_copy(
	struct ext4_writer *writer, int fd, const struct stat *status, struct error *err);
/* Records in the inode where its contents are. */
int ext4_contents_finish(struct ext4_writer *writer, ext2_ino_t number,
	struct ext2_inode_large *inode, struct error *err);
/* Writes out what is still in the stream. */
int ext4_stream_flush(struct ext4_writer *writer, struct error *err);

/* fs-ext4-directory.c */
void ext4_directory_init(struct ext4_directory *directory, ext2_ino_t inode, ext2_ino_t parent);
void ext4_directory_add(
	struct ext4_directory *directory, ext2_ino_t inode, const char *name, mode_t mode);
/* Adds blocks without entries until there are `count`. */
void ext4_directory_pad(struct ext4_directory *directory, size_t count);
/* Makes the blocks the contents of the directory's inode. */
int ext4_directory_write(
	struct ext4_writer *writer, struct ext4_directory *directory, struct error *err);

/* fs-ext4-xattr.c: to be called when the inode is written. */
int ext4_xattrs_copy(struct ext4_writer *writer, ext2_ino_t inode, const struct tree_entry *entry,
	struct error *err);

/* fs-ext4-size.c: for a tree, with room for what is reserved. */
int ext4_measure(int tree, uint64_t *ret_bytes, struct error *err);

/* fs-ext4-tree.c: lost+found, and everything in the tree. */
int ext4_write_tree(struct ext4_writer *writer, int tree, struct error *err);
