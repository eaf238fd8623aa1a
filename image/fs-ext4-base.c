/* An image over a base: contents of a file that the base has as well lie where they lie there, so
 * that of the files that both have nothing differs. What is new goes behind all of them. */
#include "base/cleanup.h"
#include "ext4.h"
#include "fs-ext4.h"

/* Where a file of the base has its contents. */
static int map_file(struct ext4_base *base, const struct image_file *file, struct error *err)
{
	struct ext4_inode inode;

	base->runs.count = 0;
	if (!S_ISREG(file->mode))
		return 0;
	if (ext4_read_inode(base->tree, file->place, &inode, err) ||
		ext4_map(base->tree, &inode, &base->runs, err))
		return error_wrap(err, "%s", file->path);
	return 0;
}

int ext4_base_open(struct ext4_writer *writer, struct error *err)
{
	const struct slice *slice = writer->options->base;
	struct ext4_base *base = &writer->base;

	if (!slice || !ext4_probe(slice))
		return 0;
	if (image_tree_open(slice, &base->tree, err))
		return -1;
	if (ext4_state(base->tree)->block_size != EXT4_BLOCK) {
		ext4_base_release(base);
		return 0;
	}
	vector_for_each (file, &base->tree->files) {
		if (map_file(base, file, err))
			return -1;
		vector_for_each (run, &base->runs)
			if (run->physical + run->count > writer->next_block)
				writer->next_block = run->physical + run->count;
	}
	return 0;
}

int ext4_base_enter(struct ext4_writer *writer, const char *path, struct error *err)
{
	struct ext4_base *base = &writer->base;

	base->runs.count = 0;
	if (!base->tree)
		return 0;
	cleanup_free char *absolute = xasprintf("/%s", path);
	const struct image_file *file = image_tree_find(base->tree, absolute);
	return file ? map_file(base, file, err) : 0;
}

bool ext4_base_place(struct ext4_writer *writer, uint64_t logical, size_t most, blk64_t *ret_start,
	size_t *ret_count)
{
	const struct ext4_run *run = ext4_run_find(&writer->base.runs, logical);
	uint64_t blocks = ext2fs_blocks_count(writer->fs->super);
	size_t count = 0;

	if (!run || run->logical > logical)
		return false;
	uint64_t start = run->physical + logical - run->logical;
	uint64_t left = run->logical + run->count - logical;
	while (count < most && count < left && start + count < blocks &&
		!ext2fs_test_block_bitmap2(writer->fs->block_map, start + count))
		count++;
	*ret_start = start;
	*ret_count = count;
	return count;
}

void ext4_base_release(struct ext4_base *base)
{
	image_tree_free(base->tree);
	vector_release(&base->runs);
	*base = (struct ext4_base){0};
}
