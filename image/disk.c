#include "disk.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/interrupt.h"
#include "base/memory.h"
#include "base/text.h"
#include "zeros.h"

const struct disk_driver *const disk_drivers[] = {&disk_qcow2, &disk_qcow2_v2, &disk_vdi, &disk_vhd,
	&disk_vhd_fixed, &disk_vhdx, &disk_vmdk, &disk_vmdk_stream, &disk_raw, NULL};
const struct disk_driver *const disk_overlay_drivers[] = {&disk_cow, NULL};

const struct disk_driver *disk_driver_find(const char *name)
{
	for (const struct disk_driver *const *driver = disk_drivers; *driver; driver++)
		if (text_equal((*driver)->name, name))
			return *driver;
	return NULL;
}

static int check_options(
	const struct disk_driver *driver, const struct disk_options *options, struct error *err)
{
	if (!options->size || options->size % 512 || options->size > INT64_MAX)
		return error_set(err, STATUS_FAILED,
			"a disk of %llu bytes: not a positive multiple of 512",
			(unsigned long long)options->size);
	if (driver->size_max && options->size > driver->size_max)
		return error_set(err, STATUS_FAILED,
			"a disk of %llu bytes: the format %s ends at %llu",
			(unsigned long long)options->size, driver->name,
			(unsigned long long)driver->size_max);
	if (!options->backing != !options->backing_name)
		return error_set(err, STATUS_FAILED, "a backing disk and its name go together");
	if (options->backing && !(driver->abilities & DISK_HAS_BACKING))
		return error_set(err, STATUS_FAILED,
			"the format %s has no backing file: make a qcow2 overlay", driver->name);
	if (options->compression && !(driver->abilities & DISK_HAS_COMPRESSION))
		return error_set(err, STATUS_FAILED, "the format %s has no choice of compression",
			driver->name);
	if (options->base && !(driver->abilities & DISK_HAS_BASE))
		return error_set(err, STATUS_FAILED, "the format %s begins where its file begins",
			driver->name);
	if (options->cluster_size && !(driver->abilities & DISK_HAS_CLUSTERS))
		return error_set(err, STATUS_FAILED, "the format %s has no choice of cluster size",
			driver->name);
	return 0;
}

int disk_create(const struct disk_driver *driver, const struct disk_options *options,
	struct disk **ret_disk, struct error *err)
{
	if (check_options(driver, options, err) || driver->create(options, ret_disk, err))
		return error_wrap(err, "%s", options->path);
	(*ret_disk)->path = xstrdup(options->path);
	return 0;
}

/* Puts the disk's path in front of a driver's error. */
static int named(const struct disk *disk, int result, struct error *err)
{
	return result && disk->path ? error_wrap(err, "%s", disk->path) : result;
}

static int check_range(const struct disk *disk, uint64_t offset, uint64_t length, struct error *err)
{
	if (offset <= disk->size && length <= disk->size - offset)
		return 0;
	return named(disk,
		error_set(err, STATUS_FAILED,
			"%llu bytes at byte %llu: outside the disk of %llu bytes",
			(unsigned long long)length, (unsigned long long)offset,
			(unsigned long long)disk->size),
		err);
}

static int check_writable(
	const struct disk *disk, uint64_t offset, uint64_t length, struct error *err)
{
	if (!disk->writable)
		return named(disk,
			error_set(err, STATUS_FAILED, "the disk is open for reading only"), err);
	return check_range(disk, offset, length, err);
}

int disk_read(struct disk *disk, uint64_t offset, void *data, uint64_t length, struct error *err)
{
	if (check_range(disk, offset, length, err))
		return -1;
	if (!length)
		return 0;
	return named(disk, disk->driver->read(disk, offset, data, length, err), err);
}

/* The length of the run of blocks from `offset` on that are all zeros, or all something else. */
static uint64_t run_length(
	uint32_t block, uint64_t offset, const uint8_t *data, uint64_t length, bool *ret_zero)
{
	uint64_t run = 0;

	while (run < length) {
		uint64_t piece = block - (offset + run) % block;
		if (piece > length - run)
			piece = length - run;
		bool zero = is_zeros(data + run, piece);
		if (!run)
			*ret_zero = zero;
		else if (zero != *ret_zero)
			break;
		run += piece;
	}
	return run;
}

int disk_write(
	struct disk *disk, uint64_t offset, const void *data, uint64_t length, struct error *err)
{
	const uint8_t *bytes = data;

	if (check_writable(disk, offset, length, err))
		return -1;
	while (length) {
		bool zero = false;
		uint64_t run = run_length(disk->block, offset, bytes, length, &zero);
		int result = zero ? disk->driver->zero(disk, offset, run, err)
				  : disk->driver->write(disk, offset, bytes, run, err);
		if (result)
			return named(disk, result, err);
		offset += run;
		bytes += run;
		length -= run;
	}
	return 0;
}

int disk_zero(struct disk *disk, uint64_t offset, uint64_t length, struct error *err)
{
	if (check_writable(disk, offset, length, err))
		return -1;
	if (!length)
		return 0;
	return named(disk, disk->driver->zero(disk, offset, length, err), err);
}

bool disk_has_data(struct disk *disk, uint64_t offset, uint64_t length, uint64_t *ret_length)
{
	if (disk->driver->has_data)
		return disk->driver->has_data(disk, offset, length, ret_length);
	*ret_length = length;
	return true;
}

int disk_copy(struct disk *from, struct disk *to, struct error *err)
{
	enum { PIECE = 1024 * 1024 };
	cleanup_free uint8_t *piece = xmalloc(PIECE);

	for (uint64_t at = 0, length; at < from->size; at += length) {
		uint64_t rest = from->size - at;
		bool data = disk_has_data(from, at, rest, &length);
		if (!data)
			continue;
		length = length < PIECE ? length : PIECE;
		if (interrupt_check(err) || disk_read(from, at, piece, length, err) ||
			disk_write(to, at, piece, length, err))
			return -1;
	}
	return 0;
}

int disk_finish(struct disk *disk, struct error *err)
{
	if (disk->writable && disk->driver->finish && disk->driver->finish(disk, err))
		return named(disk, -1, err);
	disk->writable = false;
	return 0;
}

void disk_free(struct disk *disk)
{
	while (disk) {
		struct disk *below = disk->owns_backing ? disk->backing : NULL;
		free(disk->path);
		free(disk->backing_name);
		free(disk->backing_format);
		disk->driver->free(disk);
		disk = below;
	}
}

void disk_cleanup(struct disk **disk)
{
	disk_free(*disk);
}
