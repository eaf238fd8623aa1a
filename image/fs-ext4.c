/*
 * The ext4 writer: an ext4 as bookworm's mke2fs makes it by default (always with 4 KiB blocks), all
 * features of which GRUB 2.06 reads. Tables of inodes stay unwritten, marked as zeroed: the slice
 * reads as zeros, so the guest need not zero them in the background.
 */
#include "fs-ext4.h"

#include <string.h>

#include "base/size.h"

enum {
	FLEX_GROUPS_LOG = 4,
	DESCRIPTORS_PER_BLOCK = EXT4_BLOCK / EXT2_MIN_DESC_SIZE_64BIT,
};

/* What the group descriptors' table has room to grow to while mounted. */
static const uint64_t growth = 1024 * GIB;

int ext4_writer_fail(
	struct ext4_writer *writer, errcode_t code, const char *what, struct error *err)
{
	char missing[32];

	if (code != EXT2_ET_BLOCK_ALLOC_FAIL || writer->device.error.message)
		return ext4_fail(&writer->device, code, err, "%s", what);
	uint64_t need = writer->need.blocks_4k, room = writer->room;
	uint64_t blocks = need > room ? need - room : 1;
	return error_set(err, STATUS_FAILED,
		"the filesystem is full: the tree needs at least %s more; raise disk.size",
		size_format(blocks * EXT4_BLOCK, missing, sizeof(missing)));
}

static uint64_t descriptor_blocks(uint64_t blocks)
{
	return divide_up(divide_up(blocks, EXT4_GROUP_BLOCKS), DESCRIPTORS_PER_BLOCK);
}

static struct ext2_super_block parameters(uint64_t blocks, const struct tree_measure *need)
{
	uint64_t now = descriptor_blocks(blocks), later = descriptor_blocks(growth / EXT4_BLOCK);
	struct ext2_super_block super = {
		.s_rev_level = EXT2_DYNAMIC_REV,
		.s_log_block_size = EXT4_BLOCK_LOG - EXT2_MIN_BLOCK_LOG_SIZE,
		.s_inode_size = EXT4_INODE_SIZE,
		.s_inodes_count = ext4_inodes(blocks, need),
		.s_log_groups_per_flex = FLEX_GROUPS_LOG,
		.s_reserved_gdt_blocks = later > now ? later - now : 0,
		.s_max_mnt_count = -1,
		.s_default_mount_opts = EXT2_DEFM_XATTR_USER | EXT2_DEFM_ACL,
		.s_feature_compat = EXT3_FEATURE_COMPAT_HAS_JOURNAL | EXT2_FEATURE_COMPAT_EXT_ATTR |
				    EXT2_FEATURE_COMPAT_RESIZE_INODE |
				    EXT2_FEATURE_COMPAT_DIR_INDEX,
		.s_feature_incompat = EXT2_FEATURE_INCOMPAT_FILETYPE |
				      EXT3_FEATURE_INCOMPAT_EXTENTS | EXT4_FEATURE_INCOMPAT_64BIT |
				      EXT4_FEATURE_INCOMPAT_FLEX_BG,
		.s_feature_ro_compat =
			EXT2_FEATURE_RO_COMPAT_SPARSE_SUPER | EXT2_FEATURE_RO_COMPAT_LARGE_FILE |
			EXT4_FEATURE_RO_COMPAT_HUGE_FILE | EXT4_FEATURE_RO_COMPAT_DIR_NLINK |
			EXT4_FEATURE_RO_COMPAT_EXTRA_ISIZE | EXT4_FEATURE_RO_COMPAT_METADATA_CSUM,
	};

	/* The resize inode knows 32-bit block numbers only. */
	if (blocks > UINT32_MAX)
		super.s_feature_compat &= ~EXT2_FEATURE_COMPAT_RESIZE_INODE;
	ext2fs_blocks_count_set(&super, blocks);
	ext2fs_r_blocks_count_set(&super, blocks * EXT4_RESERVED_PERCENT / 100);
	return super;
}

static void set_identity(ext2_filsys fs, const struct filesystem_options *options)
{
	struct ext2_super_block *super = fs->super;
	char text[UUID_TEXT];

	/* To libext2fs 0 means to ask the clock. */
	fs->now = options->epoch ? options->epoch : 1;
	super->s_mkfs_time = super->s_lastcheck = fs->now;
	uuid_format(&options->uuid, text);
	struct uuid hash_seed = uuid_derive(text, "ext4 directory hash");
	memcpy(super->s_uuid, options->uuid.bytes, sizeof(super->s_uuid));
	memcpy(super->s_hash_seed, hash_seed.bytes, sizeof(super->s_hash_seed));
	if (options->label)
		memcpy(super->s_volume_name, options->label,
			strnlen(options->label, sizeof(super->s_volume_name)));
	super->s_def_hash_version = EXT2_HASH_HALF_MD4;
	super->s_flags = EXT2_FLAGS_SIGNED_HASH;
	super->s_checksum_type = EXT2_CRC32C_CHKSUM;
	ext2fs_init_csum_seed(fs);
}

static void mark_inode_tables_zeroed(ext2_filsys fs)
{
	for (dgrp_t group = 0; group < fs->group_desc_count; group++) {
		ext2fs_bg_flags_set(fs, group, EXT2_BG_INODE_ZEROED);
		ext2fs_group_desc_csum_set(fs, group);
	}
}

/* Inodes before the first ordinary one, but for the root's own, which comes with the tree. */
static void reserve_inodes(struct ext4_writer *writer)
{
	ext2_filsys fs = writer->fs;

	for (ext2_ino_t number = 1; number < EXT2_FIRST_INODE(fs->super); number++)
		if (number != EXT2_ROOT_INO)
			ext2fs_inode_alloc_stats2(fs, number, +1, 0);
	writer->last_inode = EXT2_FIRST_INODE(fs->super) - 1;
}

static errcode_t add_journal(ext2_filsys fs)
{
	blk64_t overhead;
	struct ext2fs_journal_params journal;
	errcode_t code = ext2fs_get_journal_params(&journal, fs);

	if (!code)
		code = ext2fs_count_used_clusters(
			fs, 0, ext2fs_blocks_count(fs->super) - 1, &overhead);
	if (!code)
		code = ext2fs_add_journal_inode3(
			fs, &journal, ~0ull, EXT2_MKJOURNAL_LAZYINIT | EXT2_MKJOURNAL_NO_MNT_CHECK);
	if (!code)
		fs->super->s_overhead_clusters = overhead + journal.num_journal_blocks;
	return code;
}

/* An empty filesystem without even a root directory. */
static errcode_t format(struct ext4_writer *writer, uint64_t blocks)
{
	struct ext2_super_block super = parameters(blocks, &writer->need);
	char name[EXT4_DEVICE_NAME];

	ext4_device_name(&writer->device, name);
	errcode_t code =
		ext2fs_initialize(name, EXT2_FLAG_64BITS, &super, ext4_io_manager(), &writer->fs);
	if (code)
		return code;
	set_identity(writer->fs, writer->options);
	code = ext2fs_allocate_tables(writer->fs);
	if (code)
		return code;
	mark_inode_tables_zeroed(writer->fs);
	reserve_inodes(writer);
	if (ext2fs_has_feature_resize_inode(writer->fs->super))
		code = ext2fs_create_resize_inode(writer->fs);
	if (!code)
		code = add_journal(writer->fs);
	if (!code)
		writer->room = ext2fs_free_blocks_count(writer->fs->super);
	return code;
}

static int write_all(struct ext4_writer *writer, int tree, struct error *err)
{
	char size[32];
	const struct slice *slice = writer->device.slice;
	errcode_t code = format(writer, slice->length / EXT4_BLOCK);

	if (code && !writer->device.error.message)
		return error_set(err, STATUS_FAILED, "%s is too small for an ext4: raise disk.size",
			size_format(slice->length, size, sizeof(size)));
	if (code)
		return ext4_fail(&writer->device, code, err, "making the filesystem");
	if (ext4_base_open(writer, err) || ext4_write_tree(writer, tree, err) ||
		ext4_stream_flush(writer, err))
		return -1;
	code = ext2fs_write_bitmaps(writer->fs);
	if (!code)
		code = ext2fs_flush(writer->fs);
	return code ? ext4_fail(&writer->device, code, err, "finishing the filesystem") : 0;
}

static void writer_release(struct ext4_writer *writer)
{
	if (writer->fs)
		ext2fs_free(writer->fs);
	error_release(&writer->device.error);
	free(writer->stream.data);
	free(writer->chunk);
	ext4_base_release(&writer->base);
	hardlinks_release(&writer->hardlinks);
	vector_release(&writer->extents);
	vector_for_each (directory, &writer->directories)
		buffer_release(&directory->blocks);
	vector_release(&writer->directories);
}

static int ext4_write(const struct slice *slice, int tree, const struct filesystem_options *options,
	struct error *err)
{
	struct ext4_writer writer = {.device.slice = slice, .options = options};

	if (tree >= 0 && tree_measure(tree, &writer.need, err))
		return -1;
	ext4_contents_init(&writer);
	int result = write_all(&writer, tree, err);
	writer_release(&writer);
	return result;
}

const struct filesystem filesystem_ext4 = {
	.name = "ext4",
	.summary = "Linux's usual root filesystem; grows while mounted",
	.root = true,
	.write = ext4_write,
	.measure = ext4_measure,
};
