/* The superblock, group descriptors, blocks and inodes. */
#include "ext4-read.h"

#include <endian.h>
#include <string.h>

#include "base/cleanup.h"
#include "uuid.h"

/* What a filesystem may need to be understood of; the rest changes nothing for a reader of files.
 */
enum {
	READABLE = EXT2_FEATURE_INCOMPAT_FILETYPE | EXT3_FEATURE_INCOMPAT_EXTENTS |
		   EXT2_FEATURE_INCOMPAT_META_BG | EXT4_FEATURE_INCOMPAT_64BIT |
		   EXT4_FEATURE_INCOMPAT_MMP | EXT4_FEATURE_INCOMPAT_FLEX_BG |
		   EXT4_FEATURE_INCOMPAT_EA_INODE | EXT4_FEATURE_INCOMPAT_CSUM_SEED |
		   EXT4_FEATURE_INCOMPAT_LARGEDIR | EXT4_FEATURE_INCOMPAT_INLINE_DATA |
		   EXT4_FEATURE_INCOMPAT_CASEFOLD,
	SMALLEST_DESCRIPTOR = 32,
};

static uint32_t checksum_bytes(uint32_t seed, const void *data, size_t length)
{
	return ext2fs_crc32c_le(seed, data, length);
}

static int damaged_superblock(const struct image_tree *tree, const char *what, struct error *err)
{
	return image_damaged(tree, SUPERBLOCK_OFFSET, err, "the superblock: %s", what);
}

static int check_superblock(struct image_tree *tree, struct error *err)
{
	struct ext4_state *state = ext4_state(tree);
	const struct ext2_super_block *super = &state->super;
	uint64_t per_group = le32toh(super->s_inodes_per_group);

	if (state->checksums &&
		checksum_bytes(~0u, super, offsetof(struct ext2_super_block, s_checksum)) !=
			le32toh(super->s_checksum))
		return damaged_superblock(tree, "wrong checksum", err);
	if (state->block_count > tree->slice.length / state->block_size)
		return damaged_superblock(tree, "more blocks than the disk has", err);
	if (state->inode_size < EXT2_GOOD_OLD_INODE_SIZE || state->inode_size > state->block_size ||
		state->inode_size > 4096 || state->inode_size & (state->inode_size - 1))
		return damaged_superblock(tree, "an impossible size of inodes", err);
	if (state->descriptor_size < SMALLEST_DESCRIPTOR ||
		state->descriptor_size > state->block_size ||
		state->descriptor_size & (state->descriptor_size - 1))
		return damaged_superblock(tree, "an impossible size of group descriptors", err);
	if (!le32toh(super->s_blocks_per_group) || !per_group ||
		per_group > 8 * state->block_size ||
		le32toh(super->s_inodes_count) / per_group > state->group_count)
		return damaged_superblock(tree, "impossible numbers of blocks and inodes", err);
	return 0;
}

static void understand(struct ext4_state *state)
{
	const struct ext2_super_block *super = &state->super;
	uint32_t incompatible = le32toh(super->s_feature_incompat);
	bool wide = incompatible & EXT4_FEATURE_INCOMPAT_64BIT;

	state->block_size = EXT2_MIN_BLOCK_SIZE << le32toh(super->s_log_block_size);
	state->inode_size = le32toh(super->s_rev_level) == EXT2_GOOD_OLD_REV
				    ? EXT2_GOOD_OLD_INODE_SIZE
				    : le16toh(super->s_inode_size);
	state->descriptor_size = wide ? le16toh(super->s_desc_size) : SMALLEST_DESCRIPTOR;
	state->block_count = le32toh(super->s_blocks_count) |
			     (wide ? (uint64_t)le32toh(super->s_blocks_count_hi) << 32 : 0);
	state->checksums =
		le32toh(super->s_feature_ro_compat) & EXT4_FEATURE_RO_COMPAT_METADATA_CSUM;
	state->seed = incompatible & EXT4_FEATURE_INCOMPAT_CSUM_SEED
			      ? le32toh(super->s_checksum_seed)
			      : checksum_bytes(~0u, super->s_uuid, sizeof(super->s_uuid));
	if (le32toh(super->s_blocks_per_group))
		state->group_count = (state->block_count - le32toh(super->s_first_data_block) +
					     le32toh(super->s_blocks_per_group) - 1) /
				     le32toh(super->s_blocks_per_group);
}

static void tell(struct image_tree *tree)
{
	const struct ext4_state *state = ext4_state(tree);
	const struct ext2_super_block *super = &state->super;
	uint64_t left = le32toh(super->s_free_blocks_count) |
			(uint64_t)le32toh(super->s_free_blocks_hi) << 32;
	struct uuid uuid;
	char text[UUID_TEXT];

	memcpy(uuid.bytes, super->s_uuid, sizeof(uuid.bytes));
	uuid_format(&uuid, text);
	tree->uuid = arena_strdup(&tree->arena, text);
	if (super->s_volume_name[0])
		tree->label = arena_printf(&tree->arena, "%.*s", (int)sizeof(super->s_volume_name),
			(const char *)super->s_volume_name);
	tree->size = state->block_count * state->block_size;
	if (le32toh(super->s_feature_ro_compat) & EXT4_FEATURE_RO_COMPAT_BIGALLOC)
		left <<= (le32toh(super->s_log_cluster_size) - le32toh(super->s_log_block_size)) &
			 31;
	tree->free = left < state->block_count ? left * state->block_size : 0;
	tree->inodes = le32toh(super->s_inodes_count);
	tree->inodes_free = le32toh(super->s_free_inodes_count);
	image_tree_fact(tree, "block size", "%u", state->block_size);
	image_tree_fact(tree, "blocks", "%llu", (unsigned long long)state->block_count);
	image_tree_fact(tree, "inodes", "%u", le32toh(super->s_inodes_count));
	image_tree_fact(tree, "inode size", "%u", state->inode_size);
	image_tree_fact(tree, "blocks per group", "%u", le32toh(super->s_blocks_per_group));
	image_tree_fact(tree, "features", "%x %x %x", le32toh(super->s_feature_compat),
		le32toh(super->s_feature_incompat), le32toh(super->s_feature_ro_compat));
	image_tree_fact(tree, "created", "%u", le32toh(super->s_mkfs_time));
}

int ext4_state_load(struct image_tree *tree, struct error *err)
{
	struct ext4_state *state = xcalloc(1, sizeof(*state));
	struct ext2_super_block *super = &state->super;

	tree->state = state;
	if (slice_read(&tree->slice, SUPERBLOCK_OFFSET, super, sizeof(*super), err))
		return -1;
	uint32_t incompatible = le32toh(super->s_feature_incompat);
	if (incompatible & EXT3_FEATURE_INCOMPAT_RECOVER)
		return error_set(err, STATUS_FAILED,
			"the ext4 filesystem was not unmounted: its journal holds changes; boot it "
			"and shut it down");
	if (incompatible & ~(uint32_t)READABLE)
		return error_set(err, STATUS_FAILED,
			"ext4: features %x, which jeos does not read; debugfs(8) may",
			incompatible & ~(uint32_t)READABLE);
	if (le32toh(super->s_log_block_size) > EXT2_MAX_BLOCK_LOG_SIZE - EXT2_MIN_BLOCK_LOG_SIZE)
		return damaged_superblock(tree, "an impossible block size", err);
	understand(state);
	if (check_superblock(tree, err))
		return -1;
	tell(tree);
	return 0;
}

int ext4_read_block(
	struct image_tree *tree, uint64_t block, const char *what, void *data, struct error *err)
{
	const struct ext4_state *state = ext4_state(tree);

	if (!block || block >= state->block_count)
		return error_set(err, STATUS_FAILED,
			"ext4: damaged: %s is said to be block %llu of %llu", what,
			(unsigned long long)block, (unsigned long long)state->block_count);
	return slice_read(&tree->slice, block * state->block_size, data, state->block_size, err);
}

static uint64_t join(uint32_t low, uint32_t high)
{
	return le32toh(low) | (uint64_t)le32toh(high) << 32;
}

static bool is_power_of(uint32_t number, uint32_t base)
{
	while (number && number % base == 0)
		number /= base;
	return number == 1;
}

/* Whether a group begins with a copy of the superblock. */
static bool has_superblock(const struct ext2_super_block *super, uint32_t group)
{
	if (group && le32toh(super->s_feature_compat) & EXT4_FEATURE_COMPAT_SPARSE_SUPER2)
		return group == le32toh(super->s_backup_bgs[0]) ||
		       group == le32toh(super->s_backup_bgs[1]);
	if (!(le32toh(super->s_feature_ro_compat) & EXT2_FEATURE_RO_COMPAT_SPARSE_SUPER))
		return true;
	return !group || is_power_of(group, 3) || is_power_of(group, 5) || is_power_of(group, 7);
}

/* The byte of a group's descriptor. Blocks of them lie behind the superblock, or, with the feature
 * meta_bg, some of them at the beginning of the first group that they describe. */
static uint64_t descriptor_place(const struct ext4_state *state, uint32_t group)
{
	const struct ext2_super_block *super = &state->super;
	uint32_t per_block = state->block_size / state->descriptor_size;
	uint64_t index = group / per_block,
		 block = SUPERBLOCK_OFFSET / state->block_size + 1 + index;
	uint32_t first = group - group % per_block;

	if (le32toh(super->s_feature_incompat) & EXT2_FEATURE_INCOMPAT_META_BG &&
		index >= le32toh(super->s_first_meta_bg))
		block = le32toh(super->s_first_data_block) +
			(uint64_t)first * le32toh(super->s_blocks_per_group) +
			has_superblock(super, first);
	return block * state->block_size + group % per_block * state->descriptor_size;
}

int ext4_read_group(
	struct image_tree *tree, uint32_t group, struct ext4_group *ret_group, struct error *err)
{
	const struct ext4_state *state = ext4_state(tree);
	uint64_t place = descriptor_place(state, group);
	struct ext4_group_desc descriptor = {0};

	if (group >= state->group_count)
		return error_set(err, STATUS_FAILED, "ext4: damaged: there is no group %u", group);
	size_t length = state->descriptor_size < sizeof(descriptor) ? state->descriptor_size
								    : sizeof(descriptor);
	if (slice_read(&tree->slice, place, &descriptor, length, err))
		return -1;
	*ret_group = (struct ext4_group){
		.descriptor = place,
		.block_bitmap = join(descriptor.bg_block_bitmap, descriptor.bg_block_bitmap_hi),
		.inode_bitmap = join(descriptor.bg_inode_bitmap, descriptor.bg_inode_bitmap_hi),
		.inode_table = join(descriptor.bg_inode_table, descriptor.bg_inode_table_hi),
	};
	return 0;
}

/* The byte where an inode's group has its table of inodes. */
static int find_table(
	struct image_tree *tree, uint32_t number, uint64_t *ret_place, struct error *err)
{
	struct ext4_state *state = ext4_state(tree);
	uint64_t bytes = (uint64_t)le32toh(state->super.s_inodes_per_group) * state->inode_size;
	struct ext4_group group;

	if (state->group == number + 1ull) {
		*ret_place = state->table;
		return 0;
	}
	if (ext4_read_group(tree, number, &group, err))
		return -1;
	uint64_t block = group.inode_table;
	if (!block || block >= state->block_count ||
		bytes > (state->block_count - block) * state->block_size)
		return image_damaged(tree, group.descriptor, err,
			"the descriptor of group %u: no place for its inodes", number);
	state->table = *ret_place = block * state->block_size;
	state->group = number + 1ull;
	return 0;
}

/* Inodes lie whole in blocks, many in each. */
static int copy_inode(struct image_tree *tree, struct ext4_inode *inode, struct error *err)
{
	struct ext4_state *state = ext4_state(tree);
	uint64_t inside = inode->place % state->block_size, at = inode->place - inside;

	if (!state->inodes)
		state->inodes = xmalloc(state->block_size);
	if (state->inodes_at != at) {
		state->inodes_at = 0;
		if (slice_read(&tree->slice, at, state->inodes, state->block_size, err))
			return -1;
		state->inodes_at = at;
	}
	memcpy(inode->bytes, state->inodes + inside, state->inode_size);
	return 0;
}

static bool inode_checksum_fits(const struct ext4_state *state, const struct ext4_inode *inode)
{
	struct ext4_inode copy = *inode;
	struct ext2_inode_large *large = &copy.large;
	bool wide =
		state->inode_size > EXT2_GOOD_OLD_INODE_SIZE && le16toh(large->i_extra_isize) >= 4;
	uint32_t found = le16toh(large->osd2.linux2.l_i_checksum_lo);

	if (wide)
		found |= (uint32_t)le16toh(large->i_checksum_hi) << 16;
	large->osd2.linux2.l_i_checksum_lo = 0;
	if (wide)
		large->i_checksum_hi = 0;
	uint32_t right = checksum_bytes(inode->seed, copy.bytes, state->inode_size);
	return found == (wide ? right : right & 0xffff);
}

int ext4_read_inode(
	struct image_tree *tree, ext2_ino_t number, struct ext4_inode *ret_inode, struct error *err)
{
	const struct ext4_state *state = ext4_state(tree);
	uint32_t per_group = le32toh(state->super.s_inodes_per_group);
	uint64_t table = 0;

	if (!number || number > le32toh(state->super.s_inodes_count))
		return error_set(err, STATUS_FAILED, "ext4: damaged: there is no inode %u", number);
	if (find_table(tree, (number - 1) / per_group, &table, err))
		return -1;
	memset(ret_inode, 0, sizeof(*ret_inode));
	ret_inode->number = number;
	ret_inode->place = table + (uint64_t)((number - 1) % per_group) * state->inode_size;
	if (copy_inode(tree, ret_inode, err))
		return -1;
	uint32_t little = htole32(number);
	ret_inode->seed = checksum_bytes(state->seed, &little, sizeof(little));
	ret_inode->seed = checksum_bytes(ret_inode->seed, &ret_inode->large.i_generation, 4);
	if (state->checksums && !inode_checksum_fits(state, ret_inode))
		return image_damaged(
			tree, ret_inode->place, err, "inode %u: wrong checksum", number);
	return 0;
}

uint64_t ext4_inode_size(const struct ext4_inode *inode)
{
	return le32toh(inode->large.i_size) | (uint64_t)le32toh(inode->large.i_size_high) << 32;
}
