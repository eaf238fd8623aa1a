/*
 * A directory of several blocks has its names sorted by their hashes, and in front of them the tree
 * by which the kernel finds a name without reading all of them. Kernel documentation,
 * filesystems/ext4, section 4.3.4.
 *
 *     root -> blocks of entries               root: | . | .. | info | limit, count | places | tail
 * | root -> nodes -> blocks of entries      node: | an empty entry | limit, count | places | tail |
 *
 * A place is a block and the least hash in it; the limit and count of places lie where the first
 * one's hash would be, which is 0.
 */
#include "fs-ext4.h"

#include <endian.h>
#include <string.h>

#include "base/size.h"

enum {
	DOTS = 24, /* the entries . and .. */
	ROOT_HEAD = DOTS + sizeof(struct ext2_dx_root_info),
	NODE_HEAD = sizeof(struct ext4_entry),
	PLACE = sizeof(struct ext2_dx_entry),
	ROOT_LIMIT = (EXT4_BLOCK - ROOT_HEAD - sizeof(struct ext2_dx_tail)) / PLACE,
	NODE_LIMIT = (EXT4_BLOCK - NODE_HEAD - sizeof(struct ext2_dx_tail)) / PLACE,
};

/* A name of the directory, by the place of its entry. */
struct hashed {
	uint32_t hash, minor;
	size_t offset;
};
struct names {
	struct hashed *items; /* owned */
	size_t count, capacity;
};

/* Blocks of entries, or nodes: the least hash of each. */
struct places {
	uint32_t *items; /* owned */
	size_t count, capacity;
};

static errcode_t hash_names(
	const struct ext4_writer *writer, const struct buffer *blocks, struct names *names)
{
	const struct ext2_super_block *super = writer->fs->super;
	errcode_t code = 0;
	uint16_t length;

	for (size_t at = 0; at < blocks->length && !code; at += length) {
		const struct ext4_entry *entry = (const void *)(blocks->data + at);
		const char *name = blocks->data + at + sizeof(*entry);
		struct hashed hashed = {.offset = at};
		length = le16toh(entry->length);
		/* The last entry of a block leaves room for the checksum. */
		if ((at + length) % EXT4_BLOCK == EXT4_USABLE)
			length += EXT4_BLOCK - EXT4_USABLE;
		if (at < DOTS || !entry->inode)
			continue;
		code = ext2fs_dirhash(super->s_def_hash_version, name, entry->name_length,
			super->s_hash_seed, &hashed.hash, &hashed.minor);
		vector_push(names, hashed);
	}
	return code;
}

static int by_hash(const void *a, const void *b)
{
	const struct hashed *left = a, *right = b;

	if (left->hash != right->hash)
		return left->hash < right->hash ? -1 : 1;
	if (left->minor != right->minor)
		return left->minor < right->minor ? -1 : 1;
	return left->offset < right->offset ? -1 : left->offset > right->offset;
}

/* Blocks of entries in the order of their hashes. A hash that goes on from the block before has its
 * lowest bit set, which no hash of a name has. */
static void sort_entries(const struct ext4_directory *directory, const struct names *names,
	struct ext4_directory *sorted, struct places *leaves)
{
	for (size_t i = 0; i < names->count; i++) {
		const struct hashed *name = &names->items[i];
		const char *entry = directory->blocks.data + name->offset;
		ext4_directory_put(sorted, (const void *)entry, entry + sizeof(struct ext4_entry));
		if (sorted->last % EXT4_BLOCK)
			continue;
		bool goes_on = i && names->items[i - 1].hash == name->hash;
		vector_push(leaves, name->hash | goes_on);
	}
	ext4_directory_end_block(sorted);
}

/* Places from the `first` on, as far as there are and fit, into a block behind its head. `block` is
 * that of the first. */
static void put_places(
	char *head, unsigned limit, const struct places *places, size_t first, uint32_t block)
{
	size_t left = places->count - first, count = left < limit ? left : limit;
	struct ext2_dx_entry *entries = (void *)head;
	const struct ext2_dx_countlimit counts = {htole16(limit), htole16(count)};

	for (size_t i = 0; i < count; i++)
		entries[i] = (struct ext2_dx_entry){
			htole32(places->items[first + i]), htole32(block + i)};
	memcpy(head, &counts, sizeof(counts));
}

static void put_node(
	struct buffer *index, const struct places *leaves, size_t first, uint32_t block)
{
	const struct ext4_entry empty = {.length = htole16(EXT4_BLOCK)};
	char node[EXT4_BLOCK] = {0};

	memcpy(node, &empty, sizeof(empty));
	put_places(node + NODE_HEAD, NODE_LIMIT, leaves, first, block);
	buffer_append(index, node, sizeof(node));
}

static void put_root(struct buffer *index, const struct ext4_writer *writer, const char *dots,
	const struct places *places, unsigned levels)
{
	const struct ext2_dx_root_info info = {
		.hash_version = writer->fs->super->s_def_hash_version,
		.info_length = sizeof(info),
		.indirect_levels = levels,
	};
	char root[EXT4_BLOCK] = {0};
	struct ext4_entry *above = (void *)(root + DOTS / 2);

	memcpy(root, dots, DOTS);
	above->length = htole16(EXT4_BLOCK - DOTS / 2);
	memcpy(root + DOTS, &info, sizeof(info));
	put_places(root + ROOT_HEAD, ROOT_LIMIT, places, 0, 1);
	buffer_append(index, root, sizeof(root));
}

/* The tree for blocks of entries that come behind it; false when it would be deeper than all
 * kernels read. */
static bool make_index(const struct ext4_writer *writer, const char *dots,
	const struct places *leaves, struct buffer *index)
{
	size_t node_count = divide_up(leaves->count, NODE_LIMIT);
	struct places nodes = {0};

	if (leaves->count <= ROOT_LIMIT) {
		put_root(index, writer, dots, leaves, 0);
		return true;
	}
	if (node_count > ROOT_LIMIT)
		return false;
	for (size_t i = 0; i < node_count; i++)
		vector_push(&nodes, leaves->items[i * NODE_LIMIT]);
	put_root(index, writer, dots, &nodes, 1);
	for (size_t i = 0; i < node_count; i++)
		put_node(index, leaves, i * NODE_LIMIT, 1 + node_count + i * NODE_LIMIT);
	vector_release(&nodes);
	return true;
}

int ext4_directory_index(
	struct ext4_writer *writer, struct ext4_directory *directory, struct error *err)
{
	struct ext4_directory sorted = {0};
	struct places leaves = {0};
	struct buffer index = {0};
	struct names names = {0};
	errcode_t code = hash_names(writer, &directory->blocks, &names);

	if (!code && names.count) {
		vector_sort(&names, by_hash);
		sort_entries(directory, &names, &sorted, &leaves);
		if (make_index(writer, directory->blocks.data, &leaves, &index)) {
			directory->index_blocks = index.length / EXT4_BLOCK;
			buffer_append(&index, sorted.blocks.data, sorted.blocks.length);
			buffer_release(&directory->blocks);
			directory->blocks = index;
			index = (struct buffer){0};
		}
	}
	vector_release(&names);
	vector_release(&leaves);
	buffer_release(&sorted.blocks);
	buffer_release(&index);
	return code ? ext4_writer_fail(writer, code, "a directory's index", err) : 0;
}
