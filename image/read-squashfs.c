/* Squashfs as a tree of files. */
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "base/interrupt.h"
#include "base/size.h"
#include "hardlinks.h"
#include "squashfs.h"

enum { NAME_MAX_LENGTH = 256 };

struct loading {
	struct image_tree *tree;
	struct hardlinks inodes; /* read already: 1 + the index of their first file */
	vector(struct squashfs_any) directories; /* still to be read, with their files */
	vector(size_t) files;
};

static mode_t mode_of(const struct squashfs_any *inode)
{
	static const mode_t types[] = {[SQUASHFS_DIRECTORY] = S_IFDIR,
		[SQUASHFS_FILE] = S_IFREG,
		[SQUASHFS_LINK] = S_IFLNK,
		[SQUASHFS_BLOCK] = S_IFBLK,
		[SQUASHFS_CHARACTER] = S_IFCHR,
		[SQUASHFS_FIFO] = S_IFIFO,
		[SQUASHFS_SOCKET] = S_IFSOCK};

	return types[(inode->head.type - 1) % 7 + 1] | (inode->head.mode & 07777);
}

static int read_id(struct image_tree *tree, uint16_t index, uint32_t *ret_id, struct error *err)
{
	uint32_t id;

	if (squashfs_read_entry(tree, squashfs_state(tree)->super.ids, index, &id, sizeof(id), err))
		return -1;
	*ret_id = le32toh(id);
	return 0;
}

static int read_target(struct image_tree *tree, const struct squashfs_any *inode,
	struct image_file *file, struct error *err)
{
	struct squashfs_cursor cursor = inode->behind;

	if (!inode->size || inode->size >= SQUASHFS_LINK_MAX)
		return image_damaged(tree, cursor.block, err, "inode %u: a link of %llu bytes",
			inode->head.number, (unsigned long long)inode->size);
	char *target = arena_alloc(&tree->arena, inode->size + 1);
	file->target = target;
	return squashfs_read(tree, &cursor, target, inode->size, err);
}

static int fill(struct image_tree *tree, const struct squashfs_any *inode, struct image_file *file,
	struct error *err)
{
	uint32_t device = inode->device;

	file->mode = mode_of(inode);
	file->size = S_ISREG(file->mode) ? inode->size : 0;
	file->stored = file->size;
	file->inode = inode->head.number;
	file->links = inode->links;
	file->seconds = inode->head.time;
	file->place = inode->place;
	if (S_ISCHR(file->mode) || S_ISBLK(file->mode))
		file->device =
			makedev(device >> 8 & 0xfff, (device & 0xff) | (device >> 12 & 0xfff00));
	if (read_id(tree, inode->head.uid, &file->uid, err) ||
		read_id(tree, inode->head.gid, &file->gid, err))
		return -1;
	if (S_ISLNK(file->mode) && read_target(tree, inode, file, err))
		return -1;
	return inode->xattr == (uint32_t)SQUASHFS_NO_XATTR
		       ? 0
		       : squashfs_read_xattrs(tree, inode->xattr, file, err);
}

static int add_file(struct loading *loading, const char *path, uint64_t place, struct error *err)
{
	struct image_tree *tree = loading->tree;
	const struct stat key = {.st_ino = place};
	uint32_t *first = hardlinks_number(&loading->inodes, &key);
	struct image_file file = {0};

	if (*first) {
		file = tree->files.items[*first - 1];
		if (S_ISDIR(file.mode))
			return error_set(err, STATUS_FAILED,
				"squashfs: damaged: the directory %s is %s too", file.path, path);
	} else {
		struct squashfs_any inode;
		if (squashfs_read_inode(tree, place, &inode, err) || fill(tree, &inode, &file, err))
			return error_wrap(err, "%s", path);
		*first = tree->files.count + 1;
		if (S_ISDIR(file.mode)) {
			vector_push(&loading->directories, inode);
			vector_push(&loading->files, tree->files.count);
		}
	}
	file.path = path;
	*image_tree_add(tree) = file;
	return 0;
}

/* The entries of one run; what they take is taken off `left`. */
static int read_run(struct loading *loading, const char *directory, struct squashfs_cursor *cursor,
	uint64_t *left, struct error *err)
{
	struct image_tree *tree = loading->tree;
	struct squashfs_entries run;
	struct squashfs_entry entry;
	char name[NAME_MAX_LENGTH];

	if (squashfs_read(tree, cursor, &run, sizeof(run), err))
		return -1;
	*left -= sizeof(run);
	if (le32toh(run.count) >= NAME_MAX_LENGTH)
		return image_damaged(
			tree, cursor->block, err, "the directory %s: a run of entries", directory);
	for (uint32_t i = 0; i <= le32toh(run.count); i++) {
		const char *path;
		if (squashfs_read(tree, cursor, &entry, sizeof(entry), err))
			return -1;
		size_t length = le16toh(entry.length) + 1u;
		if (length > sizeof(name) || sizeof(entry) + length > *left)
			return image_damaged(tree, cursor->block, err,
				"the directory %s: an entry that does not fit", directory);
		*left -= sizeof(entry) + length;
		if (squashfs_read(tree, cursor, name, length, err) ||
			image_tree_name(tree, directory, name, length, &path, err) ||
			add_file(loading, path,
				(uint64_t)le32toh(run.block) << 16 | le16toh(entry.offset), err))
			return -1;
	}
	return 0;
}

static int read_directory(struct loading *loading, size_t index, struct error *err)
{
	enum { UNUSED = 3 }; /* the size counts "." and ".." so */
	const struct squashfs_any inode = loading->directories.items[index];
	const char *path = loading->tree->files.items[loading->files.items[index]].path;
	struct squashfs_cursor cursor = {
		squashfs_state(loading->tree)->super.directories + inode.block, inode.offset};
	uint64_t left = inode.size > UNUSED ? inode.size - UNUSED : 0;

	while (left > sizeof(struct squashfs_entries))
		if (interrupt_check(err) || read_run(loading, path, &cursor, &left, err))
			return -1;
	return 0;
}

static int load(struct image_tree *tree, struct error *err)
{
	struct loading loading = {.tree = tree};
	int result = squashfs_state_load(tree, err);

	if (!result)
		result = add_file(&loading, "/", squashfs_state(tree)->super.root, err);
	for (size_t i = 0; !result && i < loading.directories.count; i++)
		result = read_directory(&loading, i, err);
	hardlinks_release(&loading.inodes);
	vector_release(&loading.directories);
	vector_release(&loading.files);
	return result;
}

static bool recognize(const struct slice *slice)
{
	struct error ignored = {0};
	uint32_t magic = 0;

	if (slice->length < sizeof(struct squashfs_super) ||
		slice_read(slice, 0, &magic, sizeof(magic), &ignored))
		error_release(&ignored);
	return le32toh(magic) == SQUASHFS_MAGIC;
}

static void release(struct image_tree *tree)
{
	struct squashfs_state *state = squashfs_state(tree);

	if (state) {
		vector_release(&state->lengths);
		free(state->block);
	}
	free(state);
}

const struct tree_reader tree_reader_squashfs = {
	.name = "squashfs",
	.has_owners = true,
	.recognize = recognize,
	.load = load,
	.read = squashfs_read_file,
	.hole = squashfs_find_hole,
	.release = release,
};
