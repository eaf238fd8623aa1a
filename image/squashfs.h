/*
 * Squashfs 4.0 on the disk (the kernel's fs/squashfs/squashfs_fs.h); all numbers are little-endian:
 *
 *     superblock | data blocks and fragments | inodes | directories | fragment table | ids | xattrs
 *
 * Inodes, directories and tables are kept as metadata: blocks of at most 8 KiB, each behind two
 * bytes that say how long it is stored, and whether it is compressed. A place in them is the byte
 * where its block starts, counted from the table's start, and the offset inside the block
 * uncompressed.
 */
#pragma once

#include <stdint.h>

enum {
	SQUASHFS_MAGIC = 0x73717368,
	SQUASHFS_METADATA = 8192,
	SQUASHFS_METADATA_PLAIN = 0x8000, /* of the two bytes: not compressed */
	SQUASHFS_DATA_PLAIN = 1 << 24,    /* of a data block's length */
	SQUASHFS_BLOCK_MAX = 1 << 20,
	SQUASHFS_NO_FRAGMENT = -1,
};

enum squashfs_compressor {
	SQUASHFS_GZIP = 1,
	SQUASHFS_LZMA,
	SQUASHFS_LZO,
	SQUASHFS_XZ,
	SQUASHFS_LZ4,
	SQUASHFS_ZSTD,
};

struct squashfs_super {
	uint32_t magic, inode_count, time, block_size, fragment_count;
	uint16_t compressor, block_log, flags, id_count, major, minor;
	uint64_t root;  /* place of the root's inode: block << 16 | offset */
	uint64_t bytes; /* of the filesystem */
	uint64_t ids, xattrs, inodes, directories, fragments, exports; /* bytes; all ones: none */
};
_Static_assert(sizeof(struct squashfs_super) == 96, "a squashfs superblock");

enum squashfs_type {
	SQUASHFS_DIRECTORY = 1,
	SQUASHFS_FILE,
	SQUASHFS_LINK,
	SQUASHFS_BLOCK,
	SQUASHFS_CHARACTER,
	SQUASHFS_FIFO,
	SQUASHFS_SOCKET,
	SQUASHFS_LONG = 7, /* added to the type of inodes that have more fields */
};

struct squashfs_inode {
	uint16_t type, mode, uid, gid; /* the ids are indices of the table of ids */
	uint32_t time, number;
} __attribute__((packed));

struct squashfs_directory {
	uint32_t block, links;
	uint16_t size, offset; /* the size is 3 more than the entries take */
	uint32_t parent;
} __attribute__((packed));

struct squashfs_long_directory {
	uint32_t links, size, block, parent;
	uint16_t index_count, offset;
	uint32_t xattr;
} __attribute__((packed));

struct squashfs_file {
	uint32_t start, fragment, offset, size;
} __attribute__((packed));

struct squashfs_long_file {
	uint64_t start, size, sparse;
	uint32_t links, fragment, offset, xattr;
} __attribute__((packed));

/* Links and devices; a link's target follows it. */
struct squashfs_link {
	uint32_t links, length;
} __attribute__((packed));

struct squashfs_device {
	uint32_t links, device;
} __attribute__((packed));

/* A run of entries of one block of inodes. */
struct squashfs_entries {
	uint32_t count, block, number; /* the count is one less */
} __attribute__((packed));

struct squashfs_entry {
	uint16_t offset;
	int16_t number;
	uint16_t type, length; /* of the name, one less */
} __attribute__((packed));

struct squashfs_fragment {
	uint64_t start;
	uint32_t length, unused;
} __attribute__((packed));

struct squashfs_xattr_table {
	uint64_t start;
	uint32_t count, unused;
} __attribute__((packed));

struct squashfs_xattr_id {
	uint64_t place;
	uint32_t count, bytes;
} __attribute__((packed));

#include "image-tree.h"

enum { SQUASHFS_SLOTS = 16 };

/* A block of metadata, uncompressed. */
struct squashfs_slot {
	uint64_t block, next; /* bytes where it starts, and the one behind it; 0: nothing */
	uint8_t data[SQUASHFS_METADATA];
};

struct squashfs_state {
	struct squashfs_super super; /* in the host's order */
	enum compression compression;
	struct squashfs_slot slots[SQUASHFS_SLOTS];
	/* The file that was read last: where its blocks are, and one of them. */
	uint64_t mapped; /* place of its inode, plus one; 0: none */
	uint64_t start;
	uint32_t fragment, fragment_offset;
	vector(uint32_t) lengths;    /* of blocks, as in the inode */
	uint64_t loaded;             /* number of the block that is in `block`, plus one */
	uint64_t known, known_start; /* a block, and where it starts */
	uint8_t *block;              /* owned */
};

/* Where metadata is read, and goes on. */
struct squashfs_cursor {
	uint64_t block, offset;
};

static inline struct squashfs_state *squashfs_state(const struct image_tree *tree)
{
	return tree->state;
}

/* An inode, whichever of its kinds it is. */
struct squashfs_any {
	struct squashfs_inode head;
	uint64_t place;
	uint32_t xattr, links;
	uint64_t size, start;      /* of files */
	uint32_t fragment, offset; /* of files; the offset also of directories */
	uint32_t block;            /* of directories */
	uint32_t device;
	struct squashfs_cursor behind; /* what follows its fields */
};

enum { SQUASHFS_NO_XATTR = -1, SQUASHFS_LINK_MAX = 4096 };

int squashfs_state_load(struct image_tree *tree, struct error *err);
/* The place that a table has behind its start. */
static inline struct squashfs_cursor squashfs_at(uint64_t table, uint64_t place)
{
	return (struct squashfs_cursor){table + (place >> 16), place & 0xffff};
}
int squashfs_read(struct image_tree *tree, struct squashfs_cursor *cursor, void *data,
	size_t length, struct error *err);
/* Entry `index` of a table whose blocks of metadata are listed, by their bytes, from `table` on. */
int squashfs_read_entry(struct image_tree *tree, uint64_t table, uint64_t index, void *data,
	size_t length, struct error *err);
/* Reads `length` stored bytes, of which uncompressed there are `size`. */
int squashfs_read_data(struct image_tree *tree, uint64_t start, uint32_t length, uint32_t size,
	uint8_t *data, struct error *err);
/* squashfs-xattr.c */
int squashfs_read_xattrs(
	struct image_tree *tree, uint32_t number, struct image_file *file, struct error *err);
/* squashfs-inode.c: the inode at a place. */
int squashfs_read_inode(
	struct image_tree *tree, uint64_t place, struct squashfs_any *inode, struct error *err);
/* squashfs-file.c: as struct tree_reader has them. */
int squashfs_read_file(struct image_tree *tree, const struct image_file *file, uint64_t offset,
	void *data, uint64_t length, struct error *err);
int squashfs_find_hole(struct image_tree *tree, const struct image_file *file, uint64_t offset,
	uint64_t *ret_length, struct error *err);
