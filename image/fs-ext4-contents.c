#include "fs-ext4.h"

#include <string.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/size.h"
#include "host-file.h"

/* CHUNK: what is read at once. LONG_RUN: from this on a copy into the stream costs more than a
 * write of its own. */
enum {
	CHUNK = 256 * KIB,
	STREAM_BLOCKS = MIB / EXT4_BLOCK,
	LONG_RUN = 64 * KIB / EXT4_BLOCK,
	EXTENT_BLOCKS = 32768,
};

void ext4_contents_init(struct ext4_writer *writer)
{
	writer->chunk = xmalloc(CHUNK);
	writer->stream.data = xmalloc(STREAM_BLOCKS * EXT4_BLOCK);
}

static int write_blocks(struct ext4_writer *writer, blk64_t start, size_t count,
	const uint8_t *data, struct error *err)
{
	errcode_t code = count ? io_channel_write_blk64(writer->fs->io, start, count, data) : 0;

	return code ? ext4_writer_fail(writer, code, "writing contents", err) : 0;
}

int ext4_stream_flush(struct ext4_writer *writer, struct error *err)
{
	struct ext4_stream *stream = &writer->stream;
	size_t count = stream->count;

	stream->count = 0;
	return write_blocks(writer, stream->start, count, stream->data, err);
}

static int stream_put(struct ext4_writer *writer, blk64_t start, size_t count, const uint8_t *data,
	struct error *err)
{
	struct ext4_stream *stream = &writer->stream;

	if ((start != stream->start + stream->count || count > STREAM_BLOCKS - stream->count ||
		    count >= LONG_RUN) &&
		ext4_stream_flush(writer, err))
		return -1;
	if (count >= LONG_RUN)
		return write_blocks(writer, start, count, data, err);
	if (!stream->count)
		stream->start = start;
	memcpy(stream->data + stream->count * EXT4_BLOCK, data, count * EXT4_BLOCK);
	stream->count += count;
	return 0;
}

/* The next free blocks. */
static int find_free(struct ext4_writer *writer, size_t most, blk64_t *ret_start, size_t *ret_count,
	struct error *err)
{
	blk64_t count;
	errcode_t code =
		ext2fs_new_range(writer->fs, 0, writer->next_block, most, NULL, ret_start, &count);

	if (code)
		return ext4_writer_fail(writer, code, "allocating blocks", err);
	writer->next_block = *ret_start + count;
	*ret_count = count;
	return 0;
}

/* Blocks for what is at `logical`: at most `most`, at least one. */
static int allocate(struct ext4_writer *writer, uint64_t logical, size_t most, blk64_t *ret_start,
	size_t *ret_count, struct error *err)
{
	if (!ext4_base_place(writer, logical, most, ret_start, ret_count) &&
		find_free(writer, most, ret_start, ret_count, err))
		return -1;
	ext2fs_block_alloc_stats_range(writer->fs, *ret_start, *ret_count, +1);
	return 0;
}

static void add_extent(struct ext4_writer *writer, uint64_t logical, blk64_t start, size_t count)
{
	size_t extents = writer->extents.count;
	struct ext2fs_extent *last = extents ? &writer->extents.items[extents - 1] : NULL;

	if (last && last->e_lblk + last->e_len == logical && last->e_pblk + last->e_len == start &&
		last->e_len + count <= EXTENT_BLOCKS)
		last->e_len += count;
	else
		vector_push(&writer->extents, ((struct ext2fs_extent){
						      .e_lblk = logical,
						      .e_pblk = start,
						      .e_len = count,
					      }));
}

int ext4_contents_add(struct ext4_writer *writer, uint64_t logical, const uint8_t *data,
	size_t blocks, struct error *err)
{
	while (blocks) {
		blk64_t start = 0;
		size_t count = 0;
		if (allocate(writer, logical, blocks, &start, &count, err) ||
			stream_put(writer, start, count, data, err))
			return -1;
		add_extent(writer, logical, start, count);
		logical += count;
		data += count * EXT4_BLOCK;
		blocks -= count;
	}
	return 0;
}

static bool is_zero(const uint8_t *block)
{
	return !block[0] && !memcmp(block, block + 1, EXT4_BLOCK - 1);
}

static int add_without_zeros(struct ext4_writer *writer, uint64_t logical, const uint8_t *data,
	size_t blocks, struct error *err)
{
	for (size_t start = 0, end; start < blocks; start = end) {
		bool zero = is_zero(data + start * EXT4_BLOCK);
		for (end = start + 1; end < blocks; end++)
			if (is_zero(data + end * EXT4_BLOCK) != zero)
				break;
		if (!zero && ext4_contents_add(writer, logical + start, data + start * EXT4_BLOCK,
				     end - start, err))
			return -1;
	}
	return 0;
}

/* `start` is a multiple of the block size; `end` may be the file's. */
static int copy_range(
	struct ext4_writer *writer, int fd, uint64_t start, uint64_t end, struct error *err)
{
	for (uint64_t offset = start; offset < end; offset += CHUNK) {
		size_t length = end - offset < CHUNK ? end - offset : CHUNK;
		size_t blocks = divide_up(length, EXT4_BLOCK);
		if (interrupt_check(err) || file_read_at(fd, offset, writer->chunk, length, err))
			return -1;
		memset(writer->chunk + length, 0, blocks * EXT4_BLOCK - length);
		if (add_without_zeros(writer, offset / EXT4_BLOCK, writer->chunk, blocks, err))
			return -1;
	}
	return 0;
}

/* Only where the host stores less than the file's length can it have holes. */
static bool may_have_holes(const struct stat *status)
{
	return (uint64_t)status->st_blocks * 512 < (uint64_t)status->st_size;
}

int ext4_contents_copy(
	struct ext4_writer *writer, int fd, const struct stat *status, struct error *err)
{
	uint64_t size = status->st_size, run;

	if (!may_have_holes(status))
		return copy_range(writer, fd, 0, size, err);
	for (uint64_t offset = 0; offset < size; offset += run) {
		bool data = host_file_has_data(fd, offset, size - offset, &run);
		/* Holes may be of smaller blocks on the host: what is left of one is read. */
		if (!data && run < EXT4_BLOCK)
			data = true;
		run = data ? round_up(run, EXT4_BLOCK) : run - run % EXT4_BLOCK;
		uint64_t end = run < size - offset ? offset + run : size;
		if (data && copy_range(writer, fd, offset, end, err))
			return -1;
	}
	return 0;
}

static errcode_t insert_extents(
	struct ext4_writer *writer, ext2_ino_t number, struct ext2_inode *inode)
{
	ext2_extent_handle_t handle;
	errcode_t code = ext2fs_extent_open2(writer->fs, number, inode, &handle);

	if (code)
		return code;
	vector_for_each (extent, &writer->extents) {
		code = ext2fs_extent_insert(handle, EXT2_EXTENT_INSERT_AFTER, extent);
		if (!code)
			code = ext2fs_extent_fix_parents(handle);
		if (!code)
			code = ext2fs_iblk_add_blocks(writer->fs, inode, extent->e_len);
		if (code)
			break;
	}
	ext2fs_extent_free(handle);
	return code;
}

int ext4_contents_finish(struct ext4_writer *writer, ext2_ino_t number,
	struct ext2_inode_large *inode, struct error *err)
{
	errcode_t code = insert_extents(writer, number, EXT2_INODE(inode));

	writer->extents.count = writer->base.runs.count = 0;
	return code ? ext4_writer_fail(writer, code, "recording extents", err) : 0;
}
