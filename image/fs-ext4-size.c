/* How many inodes an ext4 has for a tree, and how large it must be: what the writer takes for the
 * filesystem itself, and the tree. */
#include "base/size.h"
#include "fs-ext4.h"

enum {
	INODE_RATIO = 16 * KIB,       /* bytes of the filesystem for each inode */
	INODE_RATIO_LARGE = 64 * KIB, /* ... if its files have ... */
	LARGE_FILES = MIB,            /* ... so many bytes each, on the average */
	SPARE_INODES = 1024,
	GROUP_OVERHEAD = 2 + 1 + 130, /* bitmaps, superblock, descriptors with room to grow */
};

uint32_t ext4_inodes(uint64_t blocks, const struct tree_measure *need)
{
	bool large = need->inodes && need->blocks_4k * EXT4_BLOCK / need->inodes >= LARGE_FILES;
	uint64_t usual = blocks * EXT4_BLOCK / (large ? INODE_RATIO_LARGE : INODE_RATIO);
	uint64_t needed = need->inodes + need->inodes / 4 + SPARE_INODES;
	uint64_t inodes = usual > needed ? usual : needed;

	return inodes < UINT32_MAX ? inodes : UINT32_MAX;
}

/* Blocks of the journal of a filesystem of so many blocks: e2fsprogs' own steps. */
static uint64_t journal_blocks(uint64_t blocks)
{
	static const struct {
		uint64_t below, journal;
	} steps[] = {{32768, 1024}, {256 * 1024, 4096}, {512 * 1024, 8192}, {4096 * 1024, 16384},
		{8192 * 1024, 32768}, {16384 * 1024, 65536}};

	for (size_t i = 0; i < array_count(steps); i++)
		if (blocks < steps[i].below)
			return steps[i].journal;
	return 262144;
}

/* What is left for files in a filesystem of so many blocks. */
static uint64_t room_of(uint64_t blocks, const struct tree_measure *need)
{
	uint64_t inodes = ext4_inodes(blocks, need), groups = divide_up(blocks, EXT4_GROUP_BLOCKS);
	uint64_t taken = journal_blocks(blocks) + groups * GROUP_OVERHEAD +
			 divide_up(inodes * EXT4_INODE_SIZE, EXT4_BLOCK) + groups +
			 blocks * EXT4_RESERVED_PERCENT / 100;

	return blocks > taken ? blocks - taken : 0;
}

/* Extended attributes and the maps of files with many holes have blocks of their own: a
 * hundredth. */
int ext4_measure(int tree, uint64_t *ret_bytes, struct error *err)
{
	struct tree_measure need = {0};

	if (tree >= 0 && tree_measure(tree, &need, err))
		return -1;
	uint64_t wanted = need.blocks_4k + need.blocks_4k / 100 + 16, blocks = wanted;
	while (room_of(blocks, &need) < wanted)
		blocks += divide_up(wanted - room_of(blocks, &need), 64) * 64;
	*ret_bytes = blocks * EXT4_BLOCK;
	return 0;
}
