/* Disk images of unknown origin, as `jeos test IMAGE` opens them: format, partitions, contents. */
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "fuzz.h"
#include "image/disk.h"
#include "image/partition.h"

enum { STEP = 3 * 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_disk struct disk *disk = NULL;
	struct partition_table table = {0};
	struct error err = {0};
	uint8_t block[4096];

	if (disk_open(input_file(data, size), false, &disk, &err)) {
		if (!err.message || disk)
			abort();
		error_release(&err);
		return 0;
	}
	if (partition_read(disk, &table, &err))
		error_release(&err);
	partition_table_release(&table);
	for (uint64_t at = 0; at + sizeof(block) <= disk->size && at < 64 * STEP; at += STEP)
		if (disk_read(disk, at, block, sizeof(block), &err))
			error_release(&err);
	return 0;
}
