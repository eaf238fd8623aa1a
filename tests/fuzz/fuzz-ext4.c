/* Any bytes are read as an ext4, with the signature set right; all but the journal's state and
 * features that nobody reads is as it comes. */
#include <endian.h>
#include <ext2fs/ext2fs.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "fuzz.h"
#include "image/image-tree.h"

enum { LARGEST = 1 << 20 };

static void seal(uint8_t *bytes)
{
	struct ext2_super_block super;

	memcpy(&super, bytes + SUPERBLOCK_OFFSET, sizeof(super));
	super.s_magic = htole16(EXT2_SUPER_MAGIC);
	super.s_feature_incompat &= htole32(0x42c2 | EXT2_FEATURE_INCOMPAT_FILETYPE);
	if (le32toh(super.s_feature_ro_compat) & EXT4_FEATURE_RO_COMPAT_METADATA_CSUM)
		super.s_checksum = htole32(ext2fs_crc32c_le(~0u, (const uint8_t *)&super,
			offsetof(struct ext2_super_block, s_checksum)));
	memcpy(bytes + SUPERBLOCK_OFFSET, &super, sizeof(super));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_disk struct disk *disk = NULL;
	cleanup_image_tree struct image_tree *tree = NULL;
	struct error err = {0};

	if (size < SUPERBLOCK_OFFSET + sizeof(struct ext2_super_block) || size > LARGEST)
		return 0;
	cleanup_free uint8_t *bytes = xmalloc(size);
	memcpy(bytes, data, size);
	seal(bytes);
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
