/* The structures of two ext4 filesystems whose files are the same. */
#include <endian.h>

#include "base/cleanup.h"
#include "compare.h"
#include "ext4-read.h"

/* Which structure of the filesystem a block belongs to. */
static char *name_of_block(struct image_tree *tree, uint64_t block)
{
	const struct ext4_state *state = ext4_state(tree);
	uint64_t table_blocks = (uint64_t)le32toh(state->super.s_inodes_per_group) *
				state->inode_size / state->block_size;
	uint64_t first = SUPERBLOCK_OFFSET / state->block_size;

	if (block == first)
		return xstrdup("ext4: the superblock");
	for (uint32_t group = 0; group < state->group_count; group++) {
		struct ext4_group places;
		struct error ignored = {0};
		if (ext4_read_group(tree, group, &places, &ignored)) {
			error_release(&ignored);
			break;
		}
		if (block > first && block <= places.descriptor / state->block_size)
			return xstrdup("ext4: the group descriptors");
		if (block == places.block_bitmap)
			return xasprintf("ext4: the block bitmap of group %u", group);
		if (block == places.inode_bitmap)
			return xasprintf("ext4: the inode bitmap of group %u", group);
		if (block >= places.inode_table && block < places.inode_table + table_blocks)
			return xasprintf("ext4: the inode table of group %u", group);
	}
	return xasprintf("ext4: block %llu", (unsigned long long)block);
}

int ext4_compare_blocks(const struct comparison *comparison, struct image_tree *first,
	struct image_tree *second, struct error *err)
{
	uint32_t size = ext4_state(first)->block_size;

	for (uint64_t offset = 0;; offset += size) {
		if (slice_difference(&first->slice, &second->slice, &offset, err))
			return -1;
		if (offset >= first->slice.length)
			return 0;
		cleanup_free char *name = name_of_block(first, offset / size);
		difference_add(comparison->differences, "filesystem", name, "contents", NULL, NULL);
	}
}
