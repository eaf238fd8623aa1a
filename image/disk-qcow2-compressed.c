/* qcow2: compressed clusters. */
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "disk-qcow2.h"
#include "host-file.h"

static bool inflate_deflate(const uint8_t *data, size_t length, uint8_t *cluster, size_t size)
{
	z_stream stream = {.next_in = (Bytef *)data,
		.avail_in = length,
		.next_out = cluster,
		.avail_out = size};

	if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
		return false;
	inflate(&stream, Z_FINISH);
	inflateEnd(&stream);
	return !stream.avail_out;
}

/* Frame by frame, for what follows the last one is not ours. */
static bool inflate_zstd(const uint8_t *data, size_t length, uint8_t *cluster, size_t size)
{
	while (size) {
		size_t frame = ZSTD_findFrameCompressedSize(data, length);
		if (ZSTD_isError(frame))
			return false;
		size_t got = ZSTD_decompress(cluster, size, data, frame);
		if (ZSTD_isError(got))
			return false;
		data += frame;
		length -= frame;
		cluster += got;
		size -= got;
	}
	return true;
}

int qcow2_inflate(struct qcow2 *image, uint64_t entry, struct error *err)
{
	/* The entry's upper bits count the sectors behind the one in which the data starts. */
	unsigned offset_bits = 62 - (image->cluster_bits - 8);
	uint64_t at = entry & ((1ull << offset_bits) - 1);
	uint64_t sectors = (entry & (QCOW2_COMPRESSED - 1)) >> offset_bits;
	uint64_t length = (sectors + 1) * 512 - at % 512;

	if (at >= image->file_size)
		return error_set(err, STATUS_FAILED,
			"compressed cluster at byte 0x%llx: behind the end of the file of %llu "
			"bytes",
			(unsigned long long)at, (unsigned long long)image->file_size);
	cleanup_free uint8_t *data = xmalloc(length);
	if (host_file_read(image->fd, at, data, length, err))
		return error_wrap(err, "compressed cluster at byte 0x%llx", (unsigned long long)at);
	if (!(image->zstd ? inflate_zstd : inflate_deflate)(
		    data, length, image->scratch, qcow2_cluster_size(image)))
		return error_set(err, STATUS_FAILED, "compressed cluster at byte 0x%llx: damaged",
			(unsigned long long)at);
	return 0;
}
