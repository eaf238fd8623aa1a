#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/size.h"
#include "fuzz.h"
#include "image/image-tree.h"

enum { FILES = 200, PIECES = 8, LARGEST = 1 << 20 };

static void read_file(struct image_tree *tree, const struct image_file *file)
{
	static char piece[4096];
	struct error err = {0};
	uint64_t at = 0, length = 0;

	for (unsigned i = 0; i < PIECES && at < file->size; i++, at += length) {
		if (image_file_hole(tree, file, at, &length, &err))
			break;
		if (length > file->size - at)
			abort();
		if (length)
			continue;
		length = file->size - at < sizeof(piece) ? file->size - at : sizeof(piece);
		if (image_file_read(tree, file, at, piece, length, &err))
			break;
	}
	error_release(&err);
}

void read_tree(struct image_tree *tree)
{
	const char *last = NULL;
	unsigned files = 0;

	vector_for_each (file, &tree->files) {
		if (*file->path != '/' || strstr(file->path, "/../") || strstr(file->path, "//") ||
			(last && image_path_compare(last, file->path) >= 0))
			abort();
		last = file->path;
		if (image_tree_find(tree, file->path) != file)
			abort();
		image_tree_resolve(tree, file->path);
		if (S_ISLNK(file->mode) != (file->target != NULL))
			abort();
		if (S_ISREG(file->mode) && files++ < FILES)
			read_file(tree, file);
	}
}

int fuzz_filesystem(
	const uint8_t *data, size_t size, size_t least, void (*seal)(uint8_t *bytes, size_t size))
{
	cleanup_disk struct disk *disk = NULL;
	cleanup_image_tree struct image_tree *tree = NULL;
	struct error err = {0};

	if (size < least || size > LARGEST)
		return 0;
	cleanup_free uint8_t *bytes = xmalloc(size);
	memcpy(bytes, data, size);
	seal(bytes, size);
	if (disk_raw.open(input_file(bytes, size), false, &disk, &err)) {
		error_release(&err);
		return 0;
	}
	const struct slice slice = {disk, 0, disk->size};
	if (!image_tree_open(&slice, &tree, &err))
		read_tree(tree);
	else if (!err.message || tree)
		abort();
	error_release(&err);
	return 0;
}
