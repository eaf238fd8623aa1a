/*
 * Reading ext2, ext3 and ext4, inside: own code, not libext2fs, which trusts images more than what
 * is given to `jeos inspect` deserves, and cannot say at which byte one is damaged. The structures
 * are those of libext2fs's headers; all numbers in them are little-endian. Source: the kernel's
 * Documentation/filesystems/ext4.
 */
#pragma once

#include <ext2fs/ext2fs.h>

#include "image-tree.h"

/* Consecutive blocks of a file's contents. */
struct ext4_run {
	uint64_t logical, physical, count; /* blocks */
	bool unwritten;                    /* reads as zeros */
};

struct ext4_runs {
	struct ext4_run *items; /* by `logical`, without overlap */
	size_t count, capacity;
};

struct ext4_state {
	struct ext2_super_block super;
	uint32_t block_size, inode_size, descriptor_size;
	uint64_t block_count;
	uint32_t group_count, seed; /* of checksums */
	bool checksums;
	/* The group, and the block of its inodes, that was read last: inodes come in their order.
	 */
	uint64_t group, table; /* the group's number plus one; the byte of its table */
	uint64_t inodes_at;    /* byte of the block; 0: none */
	uint8_t *inodes;       /* owned */
	/* The contents that were read last, so that reading on is cheap. */
	ext2_ino_t mapped;
	struct ext4_runs runs;
};

/* An inode and, if it is of the large sort, what is behind its first 128 bytes. */
struct ext4_inode {
	ext2_ino_t number;
	uint64_t place; /* byte of the slice */
	uint32_t seed;  /* of the checksums of what belongs to it */
	union {
		struct ext2_inode_large large;
		uint8_t bytes[4096];
	};
};

static inline struct ext4_state *ext4_state(const struct image_tree *tree)
{
	return tree->state;
}

/* Reads and checks the superblock. */
int ext4_state_load(struct image_tree *tree, struct error *err);
/* Reads block `block`; `what` it is, for the error when there is no such block. */
int ext4_read_block(
	struct image_tree *tree, uint64_t block, const char *what, void *data, struct error *err);
/* Where a group has its structures: blocks, and the byte of its descriptor. */
struct ext4_group {
	uint64_t descriptor, block_bitmap, inode_bitmap, inode_table;
};
int ext4_read_group(
	struct image_tree *tree, uint32_t group, struct ext4_group *ret_group, struct error *err);
int ext4_read_inode(struct image_tree *tree, ext2_ino_t number, struct ext4_inode *ret_inode,
	struct error *err);
uint64_t ext4_inode_size(const struct ext4_inode *inode);

/* ext4-read-map.c: where the contents of an inode are. */
int ext4_map(struct image_tree *tree, const struct ext4_inode *inode, struct ext4_runs *runs,
	struct error *err);
/* The run that has the logical block, or else the next one behind it; NULL: there is none. */
const struct ext4_run *ext4_run_find(const struct ext4_runs *runs, uint64_t logical);

/* ext4-read-xattr.c: extended attributes, into the file. */
int ext4_read_xattrs(struct image_tree *tree, const struct ext4_inode *inode,
	struct image_file *file, struct error *err);
