/* Any bytes are read as a VHD image; the checksums of its footers and its header are set right
 * first. */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/size.h"
#include "fuzz.h"
#include "image/disk-vhd.h"
#include "image/disk.h"

enum { FILE_SIZE = 64 * KIB, HEADER = 1024, HEADER_CHECKSUM = 36 };

static void seal(uint8_t *structure, size_t length, size_t at)
{
	uint32_t checksum = vhd_checksum(structure, length, at);

	memcpy(structure + at, &checksum, sizeof(checksum));
}

static void read_some(const struct disk_driver *driver, const uint8_t *data, size_t size)
{
	cleanup_disk struct disk *disk = NULL;
	struct error err = {0};
	uint8_t block[4096];
	uint64_t run;

	if (driver->open(input_file(data, size), false, &disk, &err)) {
		if (!err.message || disk)
			abort();
		error_release(&err);
		return;
	}
	for (uint64_t at = 0; at + sizeof(block) <= disk->size && at < 64 * MIB; at += MIB / 2) {
		disk_has_data(disk, at, disk->size - at, &run);
		if (disk_read(disk, at, block, sizeof(block), &err))
			error_release(&err);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t bytes[FILE_SIZE];
	struct vhd_footer footer;

	if (size < 3 * sizeof(footer) || size > FILE_SIZE)
		return 0;
	memset(bytes, 0, FILE_SIZE);
	memcpy(bytes, data, size);
	memcpy(&footer, bytes, sizeof(footer));
	if (be64toh(footer.next) <= FILE_SIZE - HEADER)
		seal(bytes + be64toh(footer.next), HEADER, HEADER_CHECKSUM);
	seal(bytes, sizeof(footer), offsetof(struct vhd_footer, checksum));
	read_some(&disk_vhd, bytes, size);
	seal(bytes + size - sizeof(footer), sizeof(footer), offsetof(struct vhd_footer, checksum));
	read_some(&disk_vhd_fixed, bytes, size);
	return 0;
}
