/* VMDK, streamOptimized: making an image. Those who read a stream read it once, from start to end,
 * so grains must be in order; they are compressed as they come, and copied into place at the end.
 */
#include <endian.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/memory.h"
#include "base/size.h"
#include "disk-vmdk-stream.h"
#include "host-file.h"

/* Grains begin at a whole grain, as VMware has it. */
enum { OVERHEAD = VMDK_GRAIN };

static uint64_t grain_count(const struct stream *stream)
{
	return divide_up(stream->disk.size, VMDK_GRAIN);
}

static uint64_t table_count(const struct stream *stream)
{
	return divide_up(grain_count(stream), VMDK_TABLE);
}

static int put(void *context, const struct compressed *block, struct error *err)
{
	struct stream *stream = context;

	return spool_put(&stream->spool, block->number, block->result, block->length, err);
}

static int drop(void *context, uint64_t number, struct error *err)
{
	struct stream *stream = context;

	(void)err;
	spool_drop(&stream->spool, number);
	return 0;
}

/* Inflates a grain that was put into the spool. */
static int load(void *context, uint64_t number, uint8_t *data, struct error *err)
{
	struct stream *stream = context;
	const struct inflated inflated = {data, VMDK_GRAIN, VMDK_GRAIN};
	uint32_t length = spool_length(&stream->spool, number);

	if (!length) {
		memset(data, 0, VMDK_GRAIN);
		return 0;
	}
	if (spool_get(&stream->spool, number, stream->buffer, err))
		return -1;
	if (!compression_inflate(COMPRESSION_ZLIB, stream->buffer, length, &inflated))
		return error_set(err, STATUS_FAILED, "the temporary file is damaged");
	return 0;
}

static int begin(struct stream *stream, const struct disk_options *options, struct error *err)
{
	uint32_t room = compression_bound(COMPRESSION_ZLIB, VMDK_GRAIN);
	const struct packer_options packer = {.compression = COMPRESSION_ZLIB,
		.size = VMDK_GRAIN,
		.room = room,
		.put = put,
		.drop = drop,
		.load = load,
		.context = stream};

	/* With the marker in front, and zeros up to the end of the sector. */
	stream->buffer = xmalloc(round_up(VMDK_GRAIN_MARKER + room, VMDK_SECTOR));
	if (spool_make(options->path, grain_count(stream), &stream->spool, err))
		return -1;
	return packer_new(&packer, &stream->packer, err);
}

int stream_create(const struct disk_options *options, struct disk **ret_disk, struct error *err)
{
	int fd;

	if (host_file_create(options->path, 0, &fd, err))
		return -1;
	struct stream *stream = xcalloc(1, sizeof(*stream));
	*stream = (struct stream){
		.disk = {.driver = &disk_vmdk_stream,
			.size = options->size,
			.block = VMDK_GRAIN,
			.writable = true},
		.fd = fd,
		.base = options->base,
		.id = options->id,
		.spool.fd = -1,
	};
	if (begin(stream, options, err)) {
		unlink(options->path);
		disk_free(&stream->disk);
		return -1;
	}
	*ret_disk = &stream->disk;
	return 0;
}

/* Where the stream's next sector goes. */
struct tape {
	struct stream *stream;
	uint64_t at;
};

/* Appends whole sectors; gives the number of the first. */
static int append(struct tape *tape, const void *data, uint64_t length, uint32_t *ret_sector,
	struct error *err)
{
	const struct stream *stream = tape->stream;

	if (interrupt_check(err) ||
		file_write_at(stream->fd, stream->base + tape->at, data, length, err))
		return -1;
	*ret_sector = tape->at / VMDK_SECTOR;
	tape->at += length;
	return 0;
}

/* Appends a marker with what it announces; gives the sector behind the marker. */
static int append_marked(struct tape *tape, enum vmdk_marker_type type, const void *data,
	uint64_t length, uint32_t *ret_sector, struct error *err)
{
	uint8_t sector[VMDK_SECTOR] = {0};
	const struct vmdk_marker marker = {
		.value = htole64(length / VMDK_SECTOR), .type = htole32(type)};

	memcpy(sector, &marker, sizeof(marker));
	if (append(tape, sector, sizeof(sector), ret_sector, err))
		return -1;
	return length ? append(tape, data, length, ret_sector, err) : 0;
}

static int append_grain(struct tape *tape, uint64_t grain, uint32_t *ret_sector, struct error *err)
{
	struct stream *stream = tape->stream;
	uint32_t length = spool_length(&stream->spool, grain);
	uint64_t end = VMDK_GRAIN_MARKER + length, whole = round_up(end, VMDK_SECTOR);
	const struct vmdk_marker marker = {
		.value = htole64(grain * (VMDK_GRAIN / VMDK_SECTOR)), .length = htole32(length)};

	memcpy(stream->buffer, &marker, VMDK_GRAIN_MARKER);
	if (spool_get(&stream->spool, grain, stream->buffer + VMDK_GRAIN_MARKER, err))
		return -1;
	memset(stream->buffer + end, 0, whole - end);
	return append(tape, stream->buffer, whole, ret_sector, err);
}

/* Appends a table's grains and then the table, unless there are none. */
static int append_table(struct tape *tape, uint64_t number, uint32_t *ret_sector, struct error *err)
{
	uint32_t table[VMDK_TABLE] = {0}, sector;
	uint64_t first = number * VMDK_TABLE, end = first + VMDK_TABLE;
	bool any = false;

	if (end > grain_count(tape->stream))
		end = grain_count(tape->stream);
	for (uint64_t grain = first; grain < end; grain++) {
		if (!spool_length(&tape->stream->spool, grain))
			continue;
		if (append_grain(tape, grain, &sector, err))
			return -1;
		table[grain - first] = htole32(sector);
		any = true;
	}
	*ret_sector = 0;
	return any ? append_marked(tape, VMDK_MARKER_TABLE, table, sizeof(table), ret_sector, err)
		   : 0;
}

/* Appends everything from the first grain to the directory. */
static int append_all(struct tape *tape, uint32_t *ret_directory, struct error *err)
{
	uint64_t count = table_count(tape->stream);
	uint64_t length = round_up(count * sizeof(uint32_t), VMDK_SECTOR);
	cleanup_free uint32_t *directory = xcalloc(length, 1);

	for (uint64_t i = 0; i < count; i++) {
		uint32_t sector;
		if (append_table(tape, i, &sector, err))
			return -1;
		directory[i] = htole32(sector);
	}
	return append_marked(tape, VMDK_MARKER_DIRECTORY, directory, length, ret_directory, err);
}

int stream_finish(struct disk *disk, struct error *err)
{
	struct stream *stream = stream_of(disk);
	struct tape tape = {stream, OVERHEAD};
	struct vmdk_header header = vmdk_header_make(disk->size);
	uint32_t directory, sector;
	cleanup_free char *descriptor = vmdk_descriptor("streamOptimized", disk->size, &stream->id);

	header.version = htole32(3);
	header.flags |= htole32(VMDK_COMPRESSED | VMDK_MARKERS);
	header.compression = htole16(VMDK_DEFLATE);
	header.overhead = htole64(OVERHEAD / VMDK_SECTOR);
	header.directory_at = VMDK_AT_END;
	if (packer_flush(stream->packer, err) || append_all(&tape, &directory, err) ||
		file_write_at(stream->fd, stream->base, &header, sizeof(header), err) ||
		vmdk_write_descriptor(stream->fd, stream->base, descriptor, err))
		return -1;
	header.directory_at = htole64(directory);
	if (append_marked(&tape, VMDK_MARKER_FOOTER, &header, sizeof(header), &sector, err))
		return -1;
	return append_marked(&tape, VMDK_MARKER_END, NULL, 0, &sector, err);
}
