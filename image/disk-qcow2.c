/* qcow2: the driver, and reading. */
#include "disk-qcow2.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "host-file.h"

static bool has_version(const struct disk_ends *ends, bool second)
{
	struct qcow2_header header;

	memcpy(&header, ends->head, sizeof(header));
	return !memcmp(header.magic, QCOW2_MAGIC, sizeof(header.magic)) &&
	       (be32toh(header.version) == 2) == second;
}

static bool qcow2_recognize(const struct disk_ends *ends)
{
	return has_version(ends, false);
}

static bool qcow2_recognize_v2(const struct disk_ends *ends)
{
	return has_version(ends, true);
}

int qcow2_read_below(
	struct qcow2 *image, uint64_t offset, void *data, uint64_t length, struct error *err)
{
	struct disk *below = image->disk.backing;
	uint64_t there = below && offset < below->size ? below->size - offset : 0;

	if (there > length)
		there = length;
	if (there && disk_read(below, offset, data, there, err))
		return -1;
	memset((uint8_t *)data + there, 0, length - there);
	return 0;
}

static int read_compressed(struct qcow2 *image, uint64_t offset, void *data,
	const struct qcow2_extent *extent, struct error *err)
{
	if (image->inflated != extent->host) {
		image->inflated = 0;
		if (qcow2_inflate(image, extent->host, err))
			return -1;
		image->inflated = extent->host;
	}
	memcpy(data, image->scratch + offset % qcow2_cluster_size(image), extent->length);
	return 0;
}

static int read_extent(struct qcow2 *image, uint64_t offset, void *data,
	const struct qcow2_extent *extent, struct error *err)
{
	switch (extent->kind) {
	case QCOW2_IS_DATA:
		return host_file_read(image->fd, extent->host, data, extent->length, err);
	case QCOW2_IS_COMPRESSED:
		return read_compressed(image, offset, data, extent, err);
	case QCOW2_IS_BELOW:
		return qcow2_read_below(image, offset, data, extent->length, err);
	case QCOW2_IS_ZERO:
		memset(data, 0, extent->length);
	}
	return 0;
}

int qcow2_read_stored(
	struct qcow2 *image, uint64_t offset, void *data, uint64_t length, struct error *err)
{
	struct qcow2_extent extent;

	for (uint64_t done = 0; done < length; done += extent.length)
		if (qcow2_map(image, offset + done, length - done, &extent, err) ||
			read_extent(image, offset + done, (uint8_t *)data + done, &extent, err))
			return -1;
	return 0;
}

int qcow2_read(struct disk *disk, uint64_t offset, void *data, uint64_t length, struct error *err)
{
	struct qcow2 *image = qcow2_of(disk);

	return image->packer ? packer_read(image->packer, offset, data, length, err)
			     : qcow2_read_stored(image, offset, data, length, err);
}

static bool qcow2_has_data(
	struct disk *disk, uint64_t offset, uint64_t length, uint64_t *ret_length)
{
	struct error ignored = {0};
	struct qcow2_extent extent;

	if (qcow2_of(disk)->packer ||
		qcow2_map(qcow2_of(disk), offset, length, &extent, &ignored)) {
		/* Reading will tell. */
		error_release(&ignored);
		*ret_length = length;
		return true;
	}
	*ret_length = extent.length;
	if (extent.kind != QCOW2_IS_BELOW)
		return extent.kind != QCOW2_IS_ZERO;
	if (!disk->backing || offset >= disk->backing->size)
		return false;
	if (extent.length > disk->backing->size - offset)
		extent.length = disk->backing->size - offset;
	return disk_has_data(disk->backing, offset, extent.length, ret_length);
}

static void qcow2_free(struct disk *disk)
{
	struct qcow2 *image = qcow2_of(disk);

	packer_free(image->packer);
	for (uint64_t i = 0; image->tables && i < image->l1_entries; i++)
		free(image->tables[i]);
	free(image->tables);
	free(image->l1);
	free(image->scratch);
	if (image->fd >= 0)
		close(image->fd);
	free(image);
}

const struct disk_driver disk_qcow2 = {
	.name = "qcow2",
	.family = "qcow2",
	.suffix = "qcow2",
	.summary = "QEMU's format, version 3: grows with its data, overlays",
	.abilities = DISK_HAS_BACKING | DISK_HAS_CLUSTERS | DISK_HAS_COMPRESSION,
	.create = qcow2_create,
	.recognize = qcow2_recognize,
	.open = qcow2_open,
	.read = qcow2_read,
	.write = qcow2_write,
	.zero = qcow2_zero,
	.has_data = qcow2_has_data,
	.finish = qcow2_finish,
	.free = qcow2_free,
};

const struct disk_driver disk_qcow2_v2 = {
	.name = "qcow2-v2",
	.family = "qcow2",
	.suffix = "v2.qcow2",
	.summary = "the same for QEMU before 1.1, of 2012",
	.abilities = DISK_HAS_CLUSTERS | DISK_HAS_COMPRESSION,
	.create = qcow2_create_v2,
	.recognize = qcow2_recognize_v2,
	.open = qcow2_open,
	.read = qcow2_read,
	.write = qcow2_write,
	.zero = qcow2_zero,
	.has_data = qcow2_has_data,
	.finish = qcow2_finish,
	.free = qcow2_free,
};
