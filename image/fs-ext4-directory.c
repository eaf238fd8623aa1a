/* Directories: with its children known beforehand, each is written in one go. Kernel documentation,
 * filesystems/ext4, section 4.3. */
#include "fs-ext4.h"

#include <dirent.h>
#include <endian.h>
#include <string.h>

#include "base/size.h"

static uint8_t entry_type(mode_t mode)
{
	static const uint8_t types[] = {
		[DT_FIFO] = EXT2_FT_FIFO,
		[DT_CHR] = EXT2_FT_CHRDEV,
		[DT_DIR] = EXT2_FT_DIR,
		[DT_BLK] = EXT2_FT_BLKDEV,
		[DT_REG] = EXT2_FT_REG_FILE,
		[DT_LNK] = EXT2_FT_SYMLINK,
		[DT_SOCK] = EXT2_FT_SOCK,
	};

	return types[IFTODT(mode)];
}

void ext4_directory_end_block(struct ext4_directory *directory)
{
	static const uint8_t zeros[EXT4_BLOCK];
	struct buffer *blocks = &directory->blocks;
	struct ext4_entry *last = (struct ext4_entry *)(blocks->data + directory->last);

	last->length = htole16(EXT4_USABLE - directory->last % EXT4_BLOCK);
	buffer_append(blocks, zeros, EXT4_BLOCK - blocks->length % EXT4_BLOCK);
}

void ext4_directory_put(
	struct ext4_directory *directory, const struct ext4_entry *entry, const char *name)
{
	size_t length = round_up(sizeof(*entry) + entry->name_length, 4);
	struct buffer *blocks = &directory->blocks;
	struct ext4_entry copy = *entry;

	if (blocks->length % EXT4_BLOCK + length > EXT4_USABLE)
		ext4_directory_end_block(directory);
	copy.length = htole16(length);
	directory->last = blocks->length;
	buffer_append(blocks, &copy, sizeof(copy));
	buffer_append(blocks, name, entry->name_length);
	buffer_append(blocks, "\0\0\0", length - sizeof(copy) - entry->name_length);
}

static void add(struct ext4_directory *directory, ext2_ino_t inode, const char *name, uint8_t type)
{
	const struct ext4_entry entry = {
		.inode = htole32(inode), .name_length = strlen(name), .type = type};

	ext4_directory_put(directory, &entry, name);
}

void ext4_directory_init(struct ext4_directory *directory, ext2_ino_t inode, ext2_ino_t parent)
{
	*directory = (struct ext4_directory){.inode = inode};
	add(directory, inode, ".", EXT2_FT_DIR);
	add(directory, parent, "..", EXT2_FT_DIR);
}

void ext4_directory_add(
	struct ext4_directory *directory, ext2_ino_t inode, const char *name, mode_t mode)
{
	add(directory, inode, name, entry_type(mode));
	directory->subdirectories += S_ISDIR(mode);
}

void ext4_directory_pad(struct ext4_directory *directory, size_t count)
{
	while (divide_up(directory->blocks.length, EXT4_BLOCK) < count) {
		ext4_directory_end_block(directory);
		add(directory, 0, "", EXT2_FT_UNKNOWN);
	}
}

int ext4_directory_write(
	struct ext4_writer *writer, struct ext4_directory *directory, struct error *err)
{
	struct buffer *blocks = &directory->blocks;

	ext4_directory_end_block(directory);
	if (blocks->length > EXT4_BLOCK && ext4_directory_index(writer, directory, err))
		return -1;
	for (size_t offset = 0; offset < blocks->length; offset += EXT4_BLOCK) {
		char *block = blocks->data + offset;
		if (offset / EXT4_BLOCK >= directory->index_blocks)
			ext2fs_initialize_dirent_tail(
				writer->fs, EXT2_DIRENT_TAIL(block, EXT4_BLOCK));
		errcode_t code = ext2fs_dir_block_csum_set(
			writer->fs, directory->inode, (struct ext2_dir_entry *)block);
		if (code)
			return ext4_writer_fail(writer, code, "a directory's checksum", err);
	}
	return ext4_contents_add(
		writer, 0, (const uint8_t *)blocks->data, blocks->length / EXT4_BLOCK, err);
}
