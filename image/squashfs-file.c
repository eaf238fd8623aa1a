/* Contents of files of squashfs. */
#include <endian.h>
#include <string.h>

#include "base/size.h"
#include "squashfs.h"

enum { BLOCKS_MAX = 1 << 24 };

static int map_file(struct image_tree *tree, const struct image_file *file, struct error *err)
{
	struct squashfs_state *state = squashfs_state(tree);
	struct squashfs_any inode;

	if (state->mapped == file->place + 1)
		return 0;
	state->mapped = state->loaded = state->known = 0;
	state->lengths.count = 0;
	if (squashfs_read_inode(tree, file->place, &inode, err))
		return -1;
	bool whole = inode.fragment == (uint32_t)SQUASHFS_NO_FRAGMENT;
	uint64_t count = whole ? divide_up(inode.size, state->super.block_size)
			       : inode.size / state->super.block_size;
	if (count > BLOCKS_MAX)
		return image_damaged(tree, 0, err, "inode %u: a file of %llu blocks",
			inode.head.number, (unsigned long long)count);
	for (uint64_t i = 0; i < count; i++) {
		uint32_t length;
		if (squashfs_read(tree, &inode.behind, &length, sizeof(length), err))
			return -1;
		vector_push(&state->lengths, le32toh(length));
	}
	state->start = inode.start;
	state->fragment = inode.fragment;
	state->fragment_offset = inode.offset;
	state->mapped = file->place + 1;
	return 0;
}

/* The end of a file may be in a block that it shares with others. */
static int load_fragment(struct image_tree *tree, uint32_t size, struct error *err)
{
	struct squashfs_state *state = squashfs_state(tree);
	struct squashfs_fragment fragment;

	if (state->fragment_offset > state->super.block_size ||
		size > state->super.block_size - state->fragment_offset)
		return image_damaged(tree, 0, err, "a fragment that does not fit");
	if (squashfs_read_entry(tree, state->super.fragments, state->fragment, &fragment,
		    sizeof(fragment), err) ||
		squashfs_read_data(tree, le64toh(fragment.start), le32toh(fragment.length),
			state->fragment_offset + size, state->block, err))
		return -1;
	memmove(state->block, state->block + state->fragment_offset, size);
	return 0;
}

/* Where a block starts: behind all before it. */
static uint64_t start_of(struct squashfs_state *state, uint64_t number)
{
	if (number < state->known || !state->known) {
		state->known = 0;
		state->known_start = state->start;
	}
	for (; state->known < number; state->known++)
		state->known_start +=
			state->lengths.items[state->known] & ~(uint32_t)SQUASHFS_DATA_PLAIN;
	return state->known_start;
}

static int load_data(
	struct image_tree *tree, const struct image_file *file, uint64_t number, struct error *err)
{
	struct squashfs_state *state = squashfs_state(tree);
	uint64_t left = file->size - number * state->super.block_size;
	uint32_t size = left < state->super.block_size ? left : state->super.block_size;

	if (state->loaded == number + 1)
		return 0;
	state->loaded = 0;
	if (number < state->lengths.count
			? squashfs_read_data(tree, start_of(state, number),
				  state->lengths.items[number], size, state->block, err)
			: load_fragment(tree, size, err))
		return -1;
	state->loaded = number + 1;
	return 0;
}

int squashfs_find_hole(struct image_tree *tree, const struct image_file *file, uint64_t offset,
	uint64_t *ret_length, struct error *err)
{
	struct squashfs_state *state = squashfs_state(tree);
	uint64_t size = state->super.block_size, first = offset / size, end = first;

	if (map_file(tree, file, err))
		return -1;
	while (end < state->lengths.count && !state->lengths.items[end])
		end++;
	uint64_t stop = end * size < file->size ? end * size : file->size;
	*ret_length = end > first ? stop - offset : 0;
	return 0;
}

int squashfs_read_file(struct image_tree *tree, const struct image_file *file, uint64_t offset,
	void *data, uint64_t length, struct error *err)
{
	struct squashfs_state *state = squashfs_state(tree);
	uint64_t size = state->super.block_size;
	uint8_t *bytes = data;

	if (map_file(tree, file, err))
		return -1;
	while (length) {
		uint64_t inside = offset % size, piece = size - inside;
		if (piece > length)
			piece = length;
		if (load_data(tree, file, offset / size, err))
			return -1;
		memcpy(bytes, state->block + inside, piece);
		bytes += piece;
		offset += piece;
		length -= piece;
	}
	return 0;
}
