#include "convert.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/interrupt.h"
#include "base/memory.h"
#include "base/size.h"
#include "over-base.h"
#include "partition.h"

/* For formats that record when they were made: the year 2000, from which VHD counts. */
enum { PIECE = MIB, EPOCH = 946684800 };

static int copy(const struct conversion *conversion, struct disk *to, struct error *err)
{
	struct disk *from = conversion->from;
	cleanup_free uint8_t *data = xmalloc(PIECE);

	for (uint64_t at = 0, run; at < from->size; at += run) {
		bool filled = disk_has_data(from, at, from->size - at, &run);
		if (filled && run > PIECE)
			run = PIECE;
		if (interrupt_check(err))
			return -1;
		if (filled &&
			(disk_read(from, at, data, run, err) || disk_write(to, at, data, run, err)))
			return -1;
		if (conversion->progress)
			conversion->progress(at + run, from->size);
	}
	return disk_finish(to, err);
}

/* Of the disk's identity, so that the copy has one of its own that is always the same. */
static struct uuid derive_id(struct disk *from)
{
	struct partition_table table = {0};
	struct error ignored = {0};
	char seed[UUID_TEXT] = "";

	if (!partition_read(from, &table, &ignored))
		uuid_format(&table.id, seed);
	partition_table_release(&table);
	error_release(&ignored);
	return uuid_derive(seed, "converted");
}

static int write_file(const struct conversion *conversion, const char *path, struct error *err)
{
	const struct disk_options options = {
		.path = path,
		.size = conversion->from->size,
		.cluster_size = conversion->cluster_size,
		.compression = conversion->compression,
		.id = derive_id(conversion->from),
		.epoch = EPOCH,
	};
	cleanup_disk struct disk *to = NULL;

	if (conversion->base
			? over_base_create(conversion->driver, &options, conversion->base, &to, err)
			: disk_create(conversion->driver, &options, &to, err))
		return -1;
	if (!copy(conversion, to, err))
		return 0;
	unlink(path);
	return -1;
}

/* Without `replace` not even a file that came to be meanwhile is replaced. */
static int put(const struct conversion *conversion, const char *beside, struct error *err)
{
	const char *path = conversion->path;
	int result = conversion->replace
			     ? rename(beside, path)
			     : renameat2(AT_FDCWD, beside, AT_FDCWD, path, RENAME_NOREPLACE);

	if (result && !conversion->replace && errno == EINVAL) /* a file system that cannot */
		result = link(beside, path) || unlink(beside);
	if (!result)
		return 0;
	error_errno(err, errno, "%s", path);
	unlink(beside);
	return -1;
}

int image_convert(const struct conversion *conversion, struct error *err)
{
	cleanup_free char *beside = xasprintf("%s.%d.part", conversion->path, getpid());

	if (!conversion->replace && !access(conversion->path, F_OK))
		return error_set(err, STATUS_FAILED, "%s: it is there already; --force replaces it",
			conversion->path);
	if (disk_chain_has(conversion->base, conversion->path))
		return error_set(err, STATUS_FAILED, "%s: the image would be its own base",
			conversion->path);
	unlink(beside);
	if (write_file(conversion, beside, err))
		return -1;
	return put(conversion, beside, err);
}
