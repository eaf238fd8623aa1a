/* Any bytes are read as a squashfs of a version and block size that there are. */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "fuzz.h"
#include "image/squashfs.h"

enum { LARGEST = 1 << 20 };

static void seal(uint8_t *bytes, size_t size)
{
	struct squashfs_super super;

	memcpy(&super, bytes, sizeof(super));
	super.magic = htole32(SQUASHFS_MAGIC);
	super.major = htole16(4);
	super.minor = 0;
	super.block_log = htole16(12 + le16toh(super.block_log) % 9);
	super.block_size = htole32(1u << le16toh(super.block_log));
	super.compressor = htole16(le16toh(super.compressor) % 2 ? SQUASHFS_GZIP : SQUASHFS_ZSTD);
	if (le64toh(super.bytes) > size)
		super.bytes = htole64(size);
	memcpy(bytes, &super, sizeof(super));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_disk struct disk *disk = NULL;
	cleanup_image_tree struct image_tree *tree = NULL;
	struct error err = {0};

	if (size < sizeof(struct squashfs_super) || size > LARGEST)
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
