/* VMDK, streamOptimized: the driver, and reading. */
#include "disk-vmdk-stream.h"

#include <endian.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/size.h"
#include "host-file.h"

static bool is_stream(const struct disk_ends *ends)
{
	return vmdk_recognize(ends, VMDK_COMPRESSED);
}

static int stream_open(const char *path, bool writable, struct disk **ret_disk, struct error *err)
{
	cleanup_fd int fd = -1;
	struct vmdk_tables tables;
	uint64_t file_size;

	(void)writable;
	if (host_file_open(path, false, &fd, &file_size, err) ||
		vmdk_tables_open(fd, file_size, &tables, err))
		return -1;
	struct stream *stream = xcalloc(1, sizeof(*stream));
	*stream = (struct stream){
		.disk = {.driver = &disk_vmdk_stream, .size = tables.size, .block = tables.grain},
		.fd = steal_fd(&fd),
		.spool.fd = -1,
		.buffer = xmalloc(compression_bound(COMPRESSION_ZLIB, tables.grain)),
		.tables = tables,
		.grain = xmalloc(tables.grain),
	};
	*ret_disk = &stream->disk;
	return 0;
}

/* Inflates the grain at a place in the file; the disk's last one may be cut short. */
static int inflate_grain(struct stream *stream, uint64_t grain, uint64_t place, struct error *err)
{
	const struct vmdk_tables *tables = &stream->tables;
	uint64_t start = grain * tables->grain, left = tables->size - start;
	uint32_t room = compression_bound(COMPRESSION_ZLIB, tables->grain);
	const struct inflated inflated = {
		stream->grain, left < tables->grain ? left : tables->grain, tables->grain};
	struct vmdk_marker marker;

	if (place >= tables->file_size)
		return error_set(err, STATUS_FAILED, "behind the end of the file of %llu bytes",
			(unsigned long long)tables->file_size);
	if (host_file_read(stream->fd, place, &marker, VMDK_GRAIN_MARKER, err))
		return -1;
	uint32_t length = le32toh(marker.length);
	if (le64toh(marker.value) != start / VMDK_SECTOR || !length || length > room)
		return error_set(err, STATUS_FAILED,
			"its marker says %u bytes for sector 0x%llx: damaged", length,
			(unsigned long long)le64toh(marker.value));
	if (host_file_read(stream->fd, place + VMDK_GRAIN_MARKER, stream->buffer, length, err))
		return -1;
	if (!compression_inflate(COMPRESSION_ZLIB, stream->buffer, length, &inflated))
		return error_set(err, STATUS_FAILED, "damaged");
	return 0;
}

/* Makes the grain the one that was read last; *ret_zeros: there is nothing to read. */
static int read_grain(struct stream *stream, uint64_t grain, bool *ret_zeros, struct error *err)
{
	uint64_t place;

	if (stream->grain_valid && stream->grain_number == grain) {
		*ret_zeros = false;
		return 0;
	}
	if (vmdk_find(&stream->tables, grain, &place, err))
		return error_wrap(err, "the place of grain %llu", (unsigned long long)grain);
	*ret_zeros = !place;
	if (!place)
		return 0;
	stream->grain_valid = false;
	if (inflate_grain(stream, grain, place, err))
		return error_wrap(err, "grain %llu at byte 0x%llx", (unsigned long long)grain,
			(unsigned long long)place);
	stream->grain_valid = true;
	stream->grain_number = grain;
	return 0;
}

static int stream_read(
	struct disk *disk, uint64_t offset, void *data, uint64_t length, struct error *err)
{
	struct stream *stream = stream_of(disk);
	uint32_t size = stream->tables.grain;
	uint8_t *bytes = data;

	if (stream->packer)
		return packer_read(stream->packer, offset, data, length, err);
	for (uint64_t piece; length; offset += piece, bytes += piece, length -= piece) {
		uint64_t inside = offset % size;
		bool zeros = false;
		piece = length < size - inside ? length : size - inside;
		if (read_grain(stream, offset / size, &zeros, err))
			return -1;
		if (zeros)
			memset(bytes, 0, piece);
		else
			memcpy(bytes, stream->grain + inside, piece);
	}
	return 0;
}

static int stream_write(
	struct disk *disk, uint64_t offset, const void *data, uint64_t length, struct error *err)
{
	return packer_write(stream_of(disk)->packer, offset, data, length, err);
}

static int stream_zero(struct disk *disk, uint64_t offset, uint64_t length, struct error *err)
{
	return packer_write(stream_of(disk)->packer, offset, NULL, length, err);
}

static bool stream_has_data(
	struct disk *disk, uint64_t offset, uint64_t length, uint64_t *ret_length)
{
	struct stream *stream = stream_of(disk);
	uint32_t size = stream->tables.grain;
	struct error ignored = {0};
	uint64_t place = 0, done = 0;

	/* Of a disk being written, and where there is an error, reading will tell. */
	*ret_length = length;
	if (stream->packer)
		return true;
	for (; done < length && !place; done += place ? 0 : size - (offset + done) % size)
		if (vmdk_find(&stream->tables, (offset + done) / size, &place, &ignored))
			break;
	error_release(&ignored);
	bool data = !done;
	if (place && data)
		done = size - offset % size;
	if (done && done < length)
		*ret_length = done;
	return data;
}

static void stream_free(struct disk *disk)
{
	struct stream *stream = stream_of(disk);

	packer_free(stream->packer);
	if (stream->spool.fd >= 0)
		spool_release(&stream->spool);
	free(stream->buffer);
	free(stream->grain);
	close(stream->fd);
	free(stream);
}

const struct disk_driver disk_vmdk_stream = {
	.name = "vmdk-stream",
	.family = "vmdk",
	.suffix = "stream.vmdk",
	.summary = "VMware's format for import, compressed: for OVA, ESXi and AWS",
	.abilities = DISK_HAS_BASE,
	.size_max = VMDK_SIZE_MAX,
	.create = stream_create,
	.recognize = is_stream,
	.open = stream_open,
	.read = stream_read,
	.write = stream_write,
	.zero = stream_zero,
	.has_data = stream_has_data,
	.finish = stream_finish,
	.free = stream_free,
};
