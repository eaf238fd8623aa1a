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
#include "ext4-read.h"
#include "filesystem.h"
#include "hardlinks.h"
#include "tree.h"

/* Blocks are never smaller: of 1 KiB, a filesystem cannot grow beyond 32 GiB while mounted. */
enum {
	EXT4_BLOCK_LOG = 12,
	EXT4_BLOCK = 1 << EXT4_BLOCK_LOG,
	EXT4_GROUP_BLOCKS = 8 * EXT4_BLOCK,
	EXT4_INODE_SIZE = 256,
	EXT4_RESERVED_PERCENT = 5,
};

/* Consecutive blocks on their way to the disk. */
struct ext4_stream {
	blk64_t start;
	size_t count;
	uint8_t *data; /* owned */
};

/*
 * Directories:
 *
 *     a block:  | entry | entry | ... | last entry, stretched | tail with the checksum |
 *               0                                       EXT4_USABLE                EXT4_BLOCK
 */
struct ext4_entry {
	uint32_t inode;  /* little-endian; 0: unused */
	uint16_t length; /* little-endian; to the next entry */
	uint8_t name_length, type;
} __attribute__((packed));
_Static_assert(sizeof(struct ext4_entry) == 8, "the head of an ext4 directory entry");
enum { EXT4_USABLE = EXT4_BLOCK - sizeof(struct ext2_dir_entry_tail) };

/* A directory that the walk is in: its blocks so far. */
struct ext4_directory {
	ext2_ino_t inode;
	unsigned subdirectories;
	struct buffer blocks;
	size_t last;         /* offset of the last entry, which is stretched to its block's end */
	size_t index_blocks; /* the first ones are the index; 0: there is none */
};

/* The filesystem at the same place of a base image. */
struct ext4_base {
	struct image_tree *tree; /* NULL: there is none; owned */
	struct ext4_runs runs;   /* where the current file's contents are in it; owned */
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
	struct ext4_base base;
	struct hardlinks hardlinks;
	vector(struct ext2fs_extent) extents;      /* of the contents being written */
	vector(struct ext4_directory) directories; /* from the root to where the walk is */
};

/* fs-ext4.c: the error of a failed call of libext2fs; says what is missing when the disk is full.
 */
int ext4_writer_fail(
	struct ext4_writer *writer, errcode_t code, const char *what, struct error *err);

/* fs-ext4-base.c: to be called before the first file. */
int ext4_base_open(struct ext4_writer *writer, struct error *err);
/* The file of that path, from the root, is the current one, until its contents are finished. */
int ext4_base_enter(struct ext4_writer *writer, const char *path, struct error *err);
/* Where the base has the current file's contents from `logical` on: free blocks, at most `most`;
 * false: there are none. */
bool ext4_base_place(struct ext4_writer *writer, uint64_t logical, size_t most, blk64_t *ret_start,
	size_t *ret_count);
void ext4_base_release(struct ext4_base *base);

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
/* Adds an entry as it is, but for its length, with the name. */
void ext4_directory_put(
	struct ext4_directory *directory, const struct ext4_entry *entry, const char *name);
/* Stretches the last entry to the end of its block, and makes the block whole. */
void ext4_directory_end_block(struct ext4_directory *directory);
/* Adds blocks without entries until there are `count`. */
void ext4_directory_pad(struct ext4_directory *directory, size_t count);
/* Makes the blocks the contents of the directory's inode. */
int ext4_directory_write(
	struct ext4_writer *writer, struct ext4_directory *directory, struct error *err);

/* fs-ext4-index.c: gives a directory of whole blocks an index, unless it is empty. */
int ext4_directory_index(
	struct ext4_writer *writer, struct ext4_directory *directory, struct error *err);

/* fs-ext4-xattr.c: to be called when the inode is written. */
int ext4_xattrs_copy(struct ext4_writer *writer, ext2_ino_t inode, const struct tree_entry *entry,
	struct error *err);

/* fs-ext4-size.c: how many inodes a filesystem of so many blocks has, for that tree and more. */
uint32_t ext4_inodes(uint64_t blocks, const struct tree_measure *need);
/* For a tree, with room for what is reserved. */
int ext4_measure(int tree, uint64_t *ret_bytes, struct error *err);

/* fs-ext4-tree.c: lost+found, and everything in the tree. */
int ext4_write_tree(struct ext4_writer *writer, int tree, struct error *err);
