/* Any bytes are read as an ext4, with the signature set right; all but the journal's state and
 * features that nobody reads is as it comes. */
#include <endian.h>
#include <ext2fs/ext2fs.h>
#include <string.h>

#include "base/memory.h"
#include "fuzz.h"
#include "image/image-tree.h"

static void seal(uint8_t *bytes, size_t size)
{
	struct ext2_super_block super;

	(void)size;
	memcpy(&super, bytes + SUPERBLOCK_OFFSET, sizeof(super));
	super.s_magic = htole16(EXT2_SUPER_MAGIC);
	super.s_feature_incompat &= htole32(0x42d2 | EXT2_FEATURE_INCOMPAT_FILETYPE);
	if (le32toh(super.s_feature_ro_compat) & EXT4_FEATURE_RO_COMPAT_METADATA_CSUM)
		super.s_checksum = htole32(ext2fs_crc32c_le(~0u, (const uint8_t *)&super,
			offsetof(struct ext2_super_block, s_checksum)));
	memcpy(bytes + SUPERBLOCK_OFFSET, &super, sizeof(super));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_filesystem(
		data, size, SUPERBLOCK_OFFSET + sizeof(struct ext2_super_block), seal);
}
