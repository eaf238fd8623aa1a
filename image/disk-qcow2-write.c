/* qcow2: making an image. Data goes straight to the cluster where it stays; the tables are kept in
 * memory and written by disk-qcow2-finish.c. */
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/size.h"
#include "disk-qcow2.h"
#include "host-file.h"

/* Larger clusters compress better; those of an overlay are to differ from few of what is below. */
static uint64_t cluster_size_of(const struct disk_options *options)
{
	bool large = options->compression == COMPRESSION_ZSTD && !options->backing;

	if (options->cluster_size)
		return options->cluster_size;
	return 1u << (large ? QCOW2_BITS_ZSTD : QCOW2_BITS_DEFAULT);
}

/* Whether the L2 entries tell the parts of clusters apart. */
static bool has_parts(const struct disk_options *options, uint64_t cluster_size)
{
	return options->parts && !options->compression &&
	       cluster_size >= 1u << QCOW2_EXTENDED_BITS_MIN;
}

static uint64_t l1_entries(uint64_t size, uint64_t cluster_size, bool parts)
{
	uint64_t entries = cluster_size / sizeof(uint64_t) / (parts ? 2 : 1);

	return divide_up(size, cluster_size * entries);
}

static int check_options(
	const struct disk_options *options, uint64_t cluster_size, struct error *err)
{
	if (cluster_size & (cluster_size - 1) || cluster_size < 1u << QCOW2_BITS_MIN ||
		cluster_size > 1u << QCOW2_BITS_MAX)
		return error_set(err, STATUS_FAILED,
			"clusters of %llu bytes: not a power of two from 512 to 2M",
			(unsigned long long)cluster_size);
	if (l1_entries(options->size, cluster_size, has_parts(options, cluster_size)) >
		QCOW2_L1_MAX)
		return error_set(err, STATUS_FAILED,
			"a disk of %llu bytes: too large for clusters of %llu bytes",
			(unsigned long long)options->size, (unsigned long long)cluster_size);
	if (!options->backing)
		return 0;
	/* The format's name with its padding, two extensions, and the name share the header's
	 * cluster. */
	size_t length = strlen(options->backing_name);
	if (!length || length > QCOW2_BACKING_NAME_MAX ||
		sizeof(struct qcow2_header) + 32 + length > cluster_size)
		return error_set(err, STATUS_FAILED,
			"the backing file's name has %zu bytes, more than there is room for",
			length);
	return 0;
}

static int create(const struct disk_driver *driver, const struct disk_options *options,
	struct disk **ret_disk, struct error *err)
{
	uint64_t cluster_size = cluster_size_of(options);
	bool parts = has_parts(options, cluster_size);
	int fd;

	if (check_options(options, cluster_size, err) ||
		host_file_create(options->path, 0, &fd, err))
		return -1;
	struct qcow2 *image = xcalloc(1, sizeof(*image));
	*image = (struct qcow2){
		.disk = {.driver = driver,
			.size = options->size,
			.block = cluster_size,
			.writable = true},
		.fd = fd,
		.version = driver == &disk_qcow2_v2 ? 2 : 3,
		.compression = options->compression == COMPRESSION_ZSTD ? COMPRESSION_ZSTD
									: COMPRESSION_DEFLATE,
		.cluster_bits = __builtin_ctzll(cluster_size),
		.end = cluster_size,
		.scratch = xmalloc(cluster_size),
		.extended = parts,
		.l1_entries = l1_entries(options->size, cluster_size, parts),
	};
	image->tables = xcalloc(image->l1_entries, sizeof(*image->tables));
	if (options->backing) {
		image->disk.backing = options->backing;
		image->disk.backing_name = xstrdup(options->backing_name);
		image->disk.backing_format = xstrdup(options->backing->driver->family);
	}
	if (options->compression && qcow2_compress(image, options->compression_level, err)) {
		unlink(options->path);
		disk_free(&image->disk);
		return -1;
	}
	*ret_disk = &image->disk;
	return 0;
}

int qcow2_create(const struct disk_options *options, struct disk **ret_disk, struct error *err)
{
	return create(&disk_qcow2, options, ret_disk, err);
}

int qcow2_create_v2(const struct disk_options *options, struct disk **ret_disk, struct error *err)
{
	if (options->compression == COMPRESSION_ZSTD)
		return error_set(
			err, STATUS_FAILED, "the format qcow2-v2 has no zstd: take zlib, or qcow2");
	return create(&disk_qcow2_v2, options, ret_disk, err);
}

/* Copies a part of one unit from the disk below to its new place. */
static int copy_below(
	struct qcow2 *image, uint64_t offset, uint64_t end, uint64_t host, struct error *err)
{
	uint64_t length = end - offset;

	if (!length)
		return 0;
	if (qcow2_read_below(image, offset, image->scratch, length, err))
		return -1;
	return file_write_at(image->fd, host, image->scratch, length, err);
}

/* Puts data (NULL: zeros) where the range has its place in the file, or gets it now, at the end.
 * What the range does not fill of its first and last unit comes from below. */
static int write_extent(struct qcow2 *image, uint64_t offset, const void *data,
	const struct qcow2_extent *extent, struct error *err)
{
	uint64_t size = qcow2_cluster_size(image), unit = qcow2_unit(image);
	uint64_t host = extent->host ? extent->host : image->end + offset % size;
	uint64_t start = offset - offset % unit, end = offset + extent->length;
	uint64_t last = round_up(end, unit);

	if (last > image->disk.size)
		last = image->disk.size;
	if (image->disk.backing && extent->kind == QCOW2_IS_BELOW &&
		(copy_below(image, start, offset, host - (offset - start), err) ||
			copy_below(image, end, last, host + extent->length, err)))
		return -1;
	if (data ? file_write_at(image->fd, host, data, extent->length, err)
		 : host_file_zero(image->fd, host, extent->length, err))
		return -1;
	qcow2_map_set(image, offset, extent->length, host, false);
	uint64_t host_end = round_up(host + extent->length, size);
	if (host_end > image->end)
		image->end = host_end;
	return 0;
}

int qcow2_write(
	struct disk *disk, uint64_t offset, const void *data, uint64_t length, struct error *err)
{
	struct qcow2 *image = qcow2_of(disk);
	struct qcow2_extent extent;

	if (image->packer)
		return packer_write(image->packer, offset, data, length, err);
	for (uint64_t done = 0; done < length; done += extent.length)
		if (qcow2_map(image, offset + done, length - done, &extent, err) ||
			write_extent(
				image, offset + done, (const uint8_t *)data + done, &extent, err))
			return -1;
	return 0;
}

/* Cuts the extent down to whole units, or to a part of one; says which. */
static bool whole_units(const struct qcow2 *image, uint64_t offset, struct qcow2_extent *extent)
{
	uint64_t size = qcow2_unit(image), inside = offset % size;

	if (!inside && extent->length >= size) {
		extent->length -= extent->length % size;
		return true;
	}
	if (extent->length > size - inside)
		extent->length = size - inside;
	return false;
}

static int zero_extent(
	struct qcow2 *image, uint64_t offset, struct qcow2_extent *extent, struct error *err)
{
	const struct disk *below = image->disk.backing;

	if (extent->kind == QCOW2_IS_ZERO)
		return 0;
	if (extent->kind == QCOW2_IS_BELOW && (!below || offset >= below->size))
		return 0;
	if (!whole_units(image, offset, extent))
		return write_extent(image, offset, NULL, extent, err);
	if (extent->host && host_file_zero(image->fd, extent->host, extent->length, err))
		return -1;
	/* What was written keeps its place in the file, as a hole. */
	qcow2_map_set(image, offset, extent->length, extent->host, true);
	return 0;
}

int qcow2_zero(struct disk *disk, uint64_t offset, uint64_t length, struct error *err)
{
	struct qcow2 *image = qcow2_of(disk);
	struct qcow2_extent extent;

	if (image->packer)
		return packer_write(image->packer, offset, NULL, length, err);
	for (uint64_t done = 0; done < length; done += extent.length)
		if (qcow2_map(image, offset + done, length - done, &extent, err) ||
			zero_extent(image, offset + done, &extent, err))
			return -1;
	return 0;
}
