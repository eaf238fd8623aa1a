/* Any bytes are read as a squashfs of a version and block size that there are. */
#include <endian.h>
#include <string.h>

#include "fuzz.h"
#include "image/squashfs.h"

/* Those that are read stay as they are. */
static const uint8_t compressors[] = {SQUASHFS_XZ, SQUASHFS_GZIP, SQUASHFS_ZSTD, SQUASHFS_XZ,
	SQUASHFS_XZ, SQUASHFS_GZIP, SQUASHFS_ZSTD};

static void seal(uint8_t *bytes, size_t size)
{
	struct squashfs_super super;

	memcpy(&super, bytes, sizeof(super));
	super.magic = htole32(SQUASHFS_MAGIC);
	super.major = htole16(4);
	super.minor = 0;
	super.block_log = htole16(12 + le16toh(super.block_log) % 9);
	super.block_size = htole32(1u << le16toh(super.block_log));
	super.compressor = htole16(compressors[le16toh(super.compressor) % sizeof(compressors)]);
	if (le64toh(super.bytes) > size)
		super.bytes = htole64(size);
	memcpy(bytes, &super, sizeof(super));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_filesystem(data, size, sizeof(struct squashfs_super), seal);
}
