/* Where an inode's contents are: by a tree of extents, or by the block lists of ext2. */
#include <endian.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/interrupt.h"
#include "base/size.h"
#include "ext4-read.h"
#include "hardlinks.h"

enum {
	DEPTH_MAX = 5,          /* of the tree of extents */
	UNWRITTEN_FROM = 32768, /* a longer length means an unwritten extent of what is beyond */
	DIRECT = EXT2_NDIR_BLOCKS,
};

struct mapping {
	struct image_tree *tree;
	const struct ext4_inode *inode;
	struct ext4_runs *runs;
	uint64_t next;          /* the first logical block that may still come */
	struct hardlinks lists; /* that were read */
};

static int damaged(
	const struct mapping *mapping, uint64_t place, const char *what, struct error *err)
{
	return image_damaged(
		mapping->tree, place, err, "inode %u: %s", mapping->inode->number, what);
}

/* Blocks come in their order, so that no tree, however knotted, is walked for ever. */
static int add_run(
	struct mapping *mapping, const struct ext4_run *run, uint64_t place, struct error *err)
{
	uint64_t all = ext4_state(mapping->tree)->block_count;

	if (run->logical < mapping->next)
		return damaged(mapping, place, "two places for one block", err);
	if (!run->physical || run->physical >= all || run->count > all - run->physical)
		return damaged(mapping, place, "contents outside of the filesystem", err);
	mapping->next = run->logical + run->count;
	struct ext4_runs *runs = mapping->runs;
	struct ext4_run *last = runs->count ? &runs->items[runs->count - 1] : NULL;
	if (last && last->logical + last->count == run->logical &&
		last->physical + last->count == run->physical && last->unwritten == run->unwritten)
		last->count += run->count;
	else
		vector_push(runs, *run);
	return 0;
}

static int add_extent(struct mapping *mapping, const struct ext3_extent *extent, uint64_t place,
	struct error *err)
{
	uint32_t length = le16toh(extent->ee_len);
	bool unwritten = length > UNWRITTEN_FROM;

	return length ? add_run(mapping,
				&(struct ext4_run){
					.logical = le32toh(extent->ee_block),
					.physical = le32toh(extent->ee_start) |
						    (uint64_t)le16toh(extent->ee_start_hi) << 32,
					.count = unwritten ? length - UNWRITTEN_FROM : length,
					.unwritten = unwritten,
				},
				place, err)
		      : damaged(mapping, place, "an empty extent", err);
}

/* The checksum of a block of extents lies behind the room for its entries. */
static bool checksum_fits(const struct mapping *mapping, const uint8_t *node, size_t length)
{
	const struct ext3_extent_header *header = (const void *)node;
	size_t end = sizeof(*header) + le16toh(header->eh_max) * sizeof(struct ext3_extent);
	uint32_t found;

	if (!ext4_state(mapping->tree)->checksums)
		return true;
	if (end + sizeof(found) > length)
		return false;
	memcpy(&found, node + end, sizeof(found));
	return ext2fs_crc32c_le(mapping->inode->seed, node, end) == le32toh(found);
}

/* `node` has `length` bytes, from `place` in the slice. */
static int walk_extents(struct mapping *mapping, const uint8_t *node, size_t length, uint64_t place,
	unsigned depth, struct error *err);

static int descend(struct mapping *mapping, const struct ext3_extent_idx *index, unsigned depth,
	struct error *err)
{
	struct image_tree *tree = mapping->tree;
	uint32_t size = ext4_state(tree)->block_size;
	uint64_t block = le32toh(index->ei_leaf) | (uint64_t)le16toh(index->ei_leaf_hi) << 32;
	cleanup_free uint8_t *node = xmalloc(size);
	uint64_t before = mapping->next;

	if (interrupt_check(err) || ext4_read_block(tree, block, "a node of extents", node, err))
		return -1;
	if (!checksum_fits(mapping, node, size))
		return damaged(mapping, block * size, "extents with a wrong checksum", err);
	if (walk_extents(mapping, node, size, block * size, depth, err))
		return -1;
	/* Nodes without anything in them could be walked again and again. */
	return mapping->next > before ? 0
				      : damaged(mapping, block * size, "a node of no extents", err);
}

static int walk_extents(struct mapping *mapping, const uint8_t *node, size_t length, uint64_t place,
	unsigned depth, struct error *err)
{
	struct ext3_extent_header header;
	/* Extents and indices have the same size. */
	const struct ext3_extent *entries = (const void *)(node + sizeof(header));

	memcpy(&header, node, sizeof(header));
	uint16_t count = le16toh(header.eh_entries);
	if (le16toh(header.eh_magic) != EXT3_EXT_MAGIC ||
		count > (length - sizeof(header)) / sizeof(*entries) ||
		le16toh(header.eh_depth) != depth)
		return damaged(mapping, place, "no header of extents", err);
	for (unsigned i = 0; i < count; i++) {
		uint64_t at = place + sizeof(header) + i * sizeof(*entries);
		int result = depth ? descend(mapping, (const void *)&entries[i], depth - 1, err)
				   : add_extent(mapping, &entries[i], at, err);
		if (result)
			return -1;
	}
	return 0;
}

static int map_extents(struct mapping *mapping, struct error *err)
{
	const struct ext2_inode_large *inode = &mapping->inode->large;
	uint64_t place = mapping->inode->place + offsetof(struct ext2_inode, i_block);
	struct ext3_extent_header header;

	memcpy(&header, inode->i_block, sizeof(header));
	unsigned depth = le16toh(header.eh_depth);
	if (depth > DEPTH_MAX)
		return damaged(mapping, place, "extents too deep", err);
	return walk_extents(mapping, (const uint8_t *)inode->i_block, sizeof(inode->i_block), place,
		depth, err);
}

static bool is_new(struct mapping *mapping, uint32_t block)
{
	const struct stat key = {.st_ino = block};

	return !(*hardlinks_number(&mapping->lists, &key))++;
}

/* A list of blocks, or of lists, `level` deep; `room` is how many blocks are below each entry. */
static int walk_list(struct mapping *mapping, uint32_t block, unsigned level, uint64_t *logical,
	struct error *err)
{
	struct image_tree *tree = mapping->tree;
	uint32_t size = ext4_state(tree)->block_size, each = size / sizeof(uint32_t);
	uint64_t room = 1;

	for (unsigned i = 0; i < level; i++)
		room *= each;
	if (!block || !level) {
		const struct ext4_run run = {*logical, block, 1, false};
		*logical += room;
		return block ? add_run(mapping, &run, mapping->inode->place, err) : 0;
	}
	if (!is_new(mapping, block))
		return damaged(mapping, (uint64_t)block * size, "a list of blocks used twice", err);
	cleanup_free uint32_t *list = xmalloc(size);
	if (interrupt_check(err) || ext4_read_block(tree, block, "a list of blocks", list, err))
		return -1;
	uint64_t end = divide_up(ext4_inode_size(mapping->inode), size);
	for (uint32_t i = 0; i < each && *logical < end; i++)
		if (walk_list(mapping, le32toh(list[i]), level - 1, logical, err))
			return -1;
	return 0;
}

static int map_lists(struct mapping *mapping, struct error *err)
{
	const uint32_t *blocks = mapping->inode->large.i_block;
	uint64_t logical = 0;
	int result = 0;

	for (unsigned i = 0; !result && i < EXT2_N_BLOCKS; i++)
		result = walk_list(mapping, le32toh(blocks[i]), i < DIRECT ? 0 : i - DIRECT + 1,
			&logical, err);
	hardlinks_release(&mapping->lists);
	return result;
}

int ext4_map(struct image_tree *tree, const struct ext4_inode *inode, struct ext4_runs *runs,
	struct error *err)
{
	struct mapping mapping = {.tree = tree, .inode = inode, .runs = runs};
	uint32_t flags = le32toh(inode->large.i_flags);

	runs->count = 0;
	if (flags & EXT4_INLINE_DATA_FL)
		return error_set(err, STATUS_FAILED,
			"ext4: inode %u: contents inside of the inode (inline_data), which jeos "
			"does not read",
			inode->number);
	return flags & EXT4_EXTENTS_FL ? map_extents(&mapping, err) : map_lists(&mapping, err);
}

const struct ext4_run *ext4_run_find(const struct ext4_runs *runs, uint64_t logical)
{
	size_t low = 0, high = runs->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct ext4_run *run = &runs->items[middle];
		if (run->logical + run->count <= logical)
			low = middle + 1;
		else
			high = middle;
	}
	return low < runs->count ? &runs->items[low] : NULL;
}
