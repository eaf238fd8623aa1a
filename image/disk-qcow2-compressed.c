/* qcow2: compressed clusters. */
#include "base/cleanup.h"
#include "base/memory.h"
#include "disk-qcow2.h"
#include "host-file.h"

int qcow2_inflate(struct qcow2 *image, uint64_t entry, struct error *err)
{
	/* The entry's upper bits count the sectors behind the one in which the data starts. */
	unsigned offset_bits = 62 - (image->cluster_bits - 8);
	uint64_t at = entry & ((1ull << offset_bits) - 1);
	uint64_t sectors = (entry & (QCOW2_COMPRESSED - 1)) >> offset_bits;
	uint64_t length = (sectors + 1) * 512 - at % 512, size = qcow2_cluster_size(image);
	const struct inflated inflated = {image->scratch, size, size};

	if (at >= image->file_size)
		return error_set(err, STATUS_FAILED,
			"compressed cluster at byte 0x%llx: behind the end of the file of %llu "
			"bytes",
			(unsigned long long)at, (unsigned long long)image->file_size);
	cleanup_free uint8_t *data = xmalloc(length);
	if (host_file_read(image->fd, at, data, length, err))
		return error_wrap(err, "compressed cluster at byte 0x%llx", (unsigned long long)at);
	if (!compression_inflate(image->compression, data, length, &inflated))
		return error_set(err, STATUS_FAILED, "compressed cluster at byte 0x%llx: damaged",
			(unsigned long long)at);
	return 0;
}
