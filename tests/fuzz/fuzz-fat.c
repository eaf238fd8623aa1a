/* Any bytes are read as a FAT filesystem. */
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/size.h"
#include "fuzz.h"
#include "image/fat.h"
#include "image/image-tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const paths[] = {"EFI/BOOT/BOOTX64.EFI", "A", "A/B.C"};
	cleanup_disk struct disk *disk = NULL;
	struct error err = {0};

	if (disk_raw.open(input_file(data, size), false, &disk, &err)) {
		error_release(&err);
		return 0;
	}
	for (size_t i = 0; i < array_count(paths); i++) {
		cleanup_buffer struct buffer content = {0};
		const struct slice slice = {disk, 0, disk->size};
		if (!fat_read_file(&slice, paths[i], MIB, &content, &err) && content.length > size)
			abort();
		error_release(&err);
	}
	const struct slice slice = {disk, 0, disk->size};
	cleanup_image_tree struct image_tree *tree = NULL;
	if (tree_reader_find(&slice) && !image_tree_open(&slice, &tree, &err))
		read_tree(tree);
	error_release(&err);
	return 0;
}
