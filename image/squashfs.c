/* The superblock, metadata and data of squashfs. */
#include "squashfs.h"

#include <endian.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/interrupt.h"

/* By the number in the superblock; those without a compression are not read. */
static const struct {
	const char *name;
	enum compression compression;
} compressors[] = {
	[SQUASHFS_GZIP] = {"gzip", COMPRESSION_ZLIB},
	[SQUASHFS_LZMA] = {"lzma"},
	[SQUASHFS_LZO] = {"lzo"},
	[SQUASHFS_XZ] = {"xz", COMPRESSION_XZ},
	[SQUASHFS_LZ4] = {"lz4"},
	[SQUASHFS_ZSTD] = {"zstd", COMPRESSION_ZSTD},
};

static int check_compressor(unsigned compressor, struct error *err)
{
	if (compressor >= array_count(compressors) || !compressors[compressor].name)
		return error_set(err, STATUS_FAILED,
			"squashfs: compressed by method %u, which there is not", compressor);
	if (compressors[compressor].compression)
		return 0;
	return error_set(err, STATUS_FAILED,
		"squashfs: compressed by %s: jeos reads gzip, xz and zstd; unsquashfs(1) may read "
		"it",
		compressors[compressor].name);
}

static int check_super(struct image_tree *tree, struct error *err)
{
	const struct squashfs_super *super = &squashfs_state(tree)->super;

	if (super->major != 4 || super->minor)
		return image_damaged(
			tree, 0, err, "the superblock: version %u.%u", super->major, super->minor);
	if (super->block_log < 12 || super->block_log > 20 ||
		super->block_size != 1u << super->block_log)
		return image_damaged(tree, 0, err, "the superblock: an impossible block size");
	if (super->bytes > tree->slice.length || super->inodes > super->bytes ||
		super->directories > super->bytes || super->ids > super->bytes)
		return image_damaged(tree, 0, err, "the superblock: more bytes than the disk has");
	return check_compressor(super->compressor, err);
}

static void to_host(struct squashfs_super *super)
{
	uint32_t *const words[] = {&super->magic, &super->inode_count, &super->time,
		&super->block_size, &super->fragment_count};
	uint16_t *const halves[] = {&super->compressor, &super->block_log, &super->flags,
		&super->id_count, &super->major, &super->minor};
	uint64_t *const longs[] = {&super->root, &super->bytes, &super->ids, &super->xattrs,
		&super->inodes, &super->directories, &super->fragments, &super->exports};

	for (size_t i = 0; i < array_count(words); i++)
		*words[i] = le32toh(*words[i]);
	for (size_t i = 0; i < array_count(halves); i++)
		*halves[i] = le16toh(*halves[i]);
	for (size_t i = 0; i < array_count(longs); i++)
		*longs[i] = le64toh(*longs[i]);
}

int squashfs_state_load(struct image_tree *tree, struct error *err)
{
	struct squashfs_state *state = xcalloc(1, sizeof(*state));
	struct squashfs_super super;

	tree->state = state;
	if (slice_read(&tree->slice, 0, &super, sizeof(super), err))
		return -1;
	to_host(&super);
	state->super = super;
	if (check_super(tree, err))
		return -1;
	state->compression = compressors[super.compressor].compression;
	state->block = xmalloc(super.block_size);
	tree->size = super.bytes;
	tree->inodes = super.inode_count;
	image_tree_fact(tree, "block size", "%u", super.block_size);
	image_tree_fact(tree, "compression", "%s", compressors[super.compressor].name);
	image_tree_fact(tree, "inodes", "%u", super.inode_count);
	image_tree_fact(tree, "created", "%u", super.time);
	return 0;
}

static int load_block(
	struct image_tree *tree, uint64_t block, struct squashfs_slot **ret_slot, struct error *err)
{
	struct squashfs_state *state = squashfs_state(tree);
	struct squashfs_slot *slot = &state->slots[block % SQUASHFS_SLOTS];
	uint8_t stored[SQUASHFS_METADATA];
	uint16_t head;

	*ret_slot = slot;
	if (block && slot->block == block)
		return 0;
	slot->block = 0;
	if (interrupt_check(err))
		return -1;
	if (block >= state->super.bytes ||
		slice_read(&tree->slice, block, &head, sizeof(head), err)) {
		error_release(err);
		return image_damaged(tree, block, err, "metadata outside of the filesystem");
	}
	size_t length = le16toh(head) & ~SQUASHFS_METADATA_PLAIN;
	if (!length || length > SQUASHFS_METADATA)
		return image_damaged(tree, block, err, "metadata of %zu bytes", length);
	if (slice_read(&tree->slice, block + sizeof(head), stored, length, err))
		return -1;
	memset(slot->data, 0, sizeof(slot->data));
	if (le16toh(head) & SQUASHFS_METADATA_PLAIN)
		memcpy(slot->data, stored, length);
	else if (!compression_inflate(state->compression, stored, length,
			 &(struct inflated){slot->data, 1, SQUASHFS_METADATA}))
		return image_damaged(tree, block, err, "metadata that cannot be uncompressed");
	slot->next = block + sizeof(head) + length;
	slot->block = block;
	return 0;
}

int squashfs_read(struct image_tree *tree, struct squashfs_cursor *cursor, void *data,
	size_t length, struct error *err)
{
	uint8_t *bytes = data;

	while (length) {
		struct squashfs_slot *slot;
		if (load_block(tree, cursor->block, &slot, err))
			return -1;
		if (cursor->offset >= SQUASHFS_METADATA) {
			cursor->offset -= SQUASHFS_METADATA;
			cursor->block = slot->next;
			continue;
		}
		size_t piece = SQUASHFS_METADATA - cursor->offset;
		if (piece > length)
			piece = length;
		memcpy(bytes, slot->data + cursor->offset, piece);
		cursor->offset += piece;
		bytes += piece;
		length -= piece;
	}
	return 0;
}

int squashfs_read_entry(struct image_tree *tree, uint64_t table, uint64_t index, void *data,
	size_t length, struct error *err)
{
	uint64_t each = SQUASHFS_METADATA / length, block,
		 at = table + index / each * sizeof(block);

	if (table > tree->slice.length || at > tree->slice.length - sizeof(block))
		return image_damaged(tree, table, err, "a table outside of the filesystem");
	if (slice_read(&tree->slice, at, &block, sizeof(block), err))
		return -1;
	struct squashfs_cursor cursor = {le64toh(block), index % each * length};
	return squashfs_read(tree, &cursor, data, length, err);
}

int squashfs_read_data(struct image_tree *tree, uint64_t start, uint32_t length, uint32_t size,
	uint8_t *data, struct error *err)
{
	const struct squashfs_state *state = squashfs_state(tree);
	uint32_t stored = length & ~(uint32_t)SQUASHFS_DATA_PLAIN;

	if (!stored) {
		memset(data, 0, size);
		return 0;
	}
	if (stored > state->super.block_size || start > tree->slice.length ||
		stored > tree->slice.length - start)
		return image_damaged(tree, start, err, "a block of %u bytes", stored);
	if (length & SQUASHFS_DATA_PLAIN)
		return stored < size ? image_damaged(tree, start, err, "a block that is too short")
				     : slice_read(&tree->slice, start, data, size, err);
	cleanup_free uint8_t *packed = xmalloc(stored);
	if (slice_read(&tree->slice, start, packed, stored, err))
		return -1;
	if (!compression_inflate(state->compression, packed, stored,
		    &(struct inflated){data, size, state->super.block_size}))
		return image_damaged(tree, start, err, "a block that cannot be uncompressed");
	return 0;
}
