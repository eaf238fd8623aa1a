#include "over-base.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/interrupt.h"
#include "base/memory.h"
#include "base/size.h"
#include "base/text.h"
#include "zeros.h"

enum { BLOCK = 4096, CHUNK = 256 * KIB };

struct over_base {
	struct disk disk;
	struct disk *overlay; /* owned */
	/* A bit for each block: whether the overlay reads there as what was written. Blocks without
	 * it are zeros here, and as the base has them in the overlay. Owned. */
	uint8_t *written;
	uint8_t *present; /* CHUNK bytes that the overlay has; owned */
};

static struct over_base *over_base_of(struct disk *disk)
{
	return (struct over_base *)disk;
}

static bool is_written(const struct over_base *over, uint64_t block)
{
	return over->written[block / 8] >> block % 8 & 1;
}

static void mark(struct over_base *over, uint64_t offset, uint64_t length)
{
	for (uint64_t at = offset / BLOCK; at < divide_up(offset + length, BLOCK); at++)
		over->written[at / 8] |= 1u << at % 8;
}

/* How far, up to `length`, blocks were written, or were not, as the first one. */
static uint64_t alike(
	const struct over_base *over, uint64_t offset, uint64_t length, bool *ret_written)
{
	uint64_t block = offset / BLOCK, end = divide_up(offset + length, BLOCK);
	bool written = is_written(over, block);

	while (++block < end && is_written(over, block) == written)
		;
	*ret_written = written;
	return block < end ? block * BLOCK - offset : length;
}

/* How far, up to `length`, blocks differ from what is present, or do not, as the first one.
 * `data` NULL: zeros. */
static uint64_t compare(const uint8_t *present, const uint8_t *data, uint64_t offset,
	uint64_t length, bool *ret_differs)
{
	uint64_t run = 0;

	while (run < length) {
		uint64_t piece = BLOCK - (offset + run) % BLOCK;
		if (piece > length - run)
			piece = length - run;
		bool differs = data ? memcmp(present + run, data + run, piece) != 0
				    : !is_zeros(present + run, piece);
		if (!run)
			*ret_differs = differs;
		else if (differs != *ret_differs)
			break;
		run += piece;
	}
	return run;
}

/* Makes the overlay read as the data, NULL: as zeros, and stores what it takes for that. */
static int put_chunk(struct over_base *over, uint64_t offset, const uint8_t *data, uint64_t length,
	struct error *err)
{
	bool differs = false;

	if (interrupt_check(err) || disk_read(over->overlay, offset, over->present, length, err))
		return -1;
	for (uint64_t at = 0, run; at < length; at += run) {
		const uint8_t *piece = data ? data + at : NULL;
		run = compare(over->present + at, piece, offset + at, length - at, &differs);
		if (!differs)
			continue;
		if (piece ? disk_write(over->overlay, offset + at, piece, run, err)
			  : disk_zero(over->overlay, offset + at, run, err))
			return -1;
	}
	mark(over, offset, length);
	return 0;
}

static int put(struct over_base *over, uint64_t offset, const uint8_t *data, uint64_t length,
	struct error *err)
{
	for (uint64_t at = 0; at < length; at += CHUNK)
		if (put_chunk(over, offset + at, data ? data + at : NULL,
			    length - at < CHUNK ? length - at : CHUNK, err))
			return -1;
	return 0;
}

/* Before a part of a block is written: the rest of it is zeros, if nothing was written there. */
static int claim(struct over_base *over, uint64_t offset, struct error *err)
{
	uint64_t start = offset - offset % BLOCK, left = over->disk.size - start;

	if (offset == start || offset == over->disk.size || is_written(over, offset / BLOCK))
		return 0;
	return put(over, start, NULL, left < BLOCK ? left : BLOCK, err);
}

static int over_base_write(
	struct disk *disk, uint64_t offset, const void *data, uint64_t length, struct error *err)
{
	struct over_base *over = over_base_of(disk);

	if (claim(over, offset, err) || claim(over, offset + length, err))
		return -1;
	return put(over, offset, data, length, err);
}

static int over_base_zero(struct disk *disk, uint64_t offset, uint64_t length, struct error *err)
{
	struct over_base *over = over_base_of(disk);
	bool written;

	for (uint64_t at = 0, run; at < length; at += run) {
		run = alike(over, offset + at, length - at, &written);
		if (written && disk_zero(over->overlay, offset + at, run, err))
			return -1;
	}
	return 0;
}

static int over_base_read(
	struct disk *disk, uint64_t offset, void *data, uint64_t length, struct error *err)
{
	struct over_base *over = over_base_of(disk);
	bool written;

	for (uint64_t at = 0, run; at < length; at += run) {
		uint8_t *piece = (uint8_t *)data + at;
		run = alike(over, offset + at, length - at, &written);
		if (!written)
			memset(piece, 0, run);
		else if (disk_read(over->overlay, offset + at, piece, run, err))
			return -1;
	}
	return 0;
}

static bool over_base_has_data(
	struct disk *disk, uint64_t offset, uint64_t length, uint64_t *ret_length)
{
	struct over_base *over = over_base_of(disk);
	bool written;

	*ret_length = alike(over, offset, length, &written);
	return written && disk_has_data(over->overlay, offset, *ret_length, ret_length);
}

/* What was not written is zeros: that is said where the base has something else. */
static int hide_base(struct over_base *over, struct error *err)
{
	struct disk *base = over->overlay->backing;
	bool written;

	for (uint64_t at = 0, run; at < base->size; at += run) {
		if (!disk_has_data(base, at, base->size - at, &run))
			continue;
		run = alike(over, at, run, &written);
		if (!written && put(over, at, NULL, run, err))
			return -1;
	}
	return 0;
}

static int over_base_finish(struct disk *disk, struct error *err)
{
	struct over_base *over = over_base_of(disk);

	return hide_base(over, err) ? -1 : disk_finish(over->overlay, err);
}

static void over_base_free(struct disk *disk)
{
	struct over_base *over = over_base_of(disk);

	disk_free(over->overlay);
	free(over->written);
	free(over->present);
	free(over);
}

static const struct disk_driver driver_over_base = {
	.name = "over-base",
	.read = over_base_read,
	.write = over_base_write,
	.zero = over_base_zero,
	.has_data = over_base_has_data,
	.finish = over_base_finish,
	.free = over_base_free,
};

/* The directory of a file as the kernel knows it, owned by the caller. */
static char *directory_of(const char *path, struct error *err)
{
	const char *slash = strrchr(path, '/');
	cleanup_free char *name = slash ? xstrndup(path, slash - path + 1) : xstrdup(".");
	char *directory = realpath(name, NULL);

	if (!directory)
		error_errno(err, errno, "%s", name);
	return directory;
}

/* How a file is called from a directory; both are absolute and without links. */
static char *name_from(const char *directory, const char *file)
{
	cleanup_buffer struct buffer name = {0};
	size_t common = 0;

	/* What both have up to the end of a part of theirs. */
	for (size_t i = 0; directory[i] == file[i] || (!directory[i] && file[i] == '/'); i++) {
		if (file[i] == '/')
			common = i;
		if (!directory[i])
			break;
	}
	buffer_text(&name, "");
	for (const char *at = directory + common; *at; at++)
		if (*at == '/' && at[1])
			buffer_text(&name, "../");
	buffer_text(&name, file + common + 1);
	return xstrdup(name.data);
}

int over_base_create(const struct disk_driver *driver, const struct disk_options *options,
	struct disk *base, struct disk **ret_disk, struct error *err)
{
	char has[32], needs[32];
	struct disk_options overlay = *options;

	if (base->size > options->size)
		return error_set(err, STATUS_FAILED,
			"%s: a base of %s for a disk of %s: make the disk at least as large",
			base->path, size_format(base->size, needs, sizeof(needs)),
			size_format(options->size, has, sizeof(has)));
	cleanup_free char *directory = directory_of(options->path, err);
	if (!directory)
		return -1;
	cleanup_free char *file = realpath(base->path, NULL);
	if (!file)
		return error_errno(err, errno, "%s", base->path);
	cleanup_free char *name = name_from(directory, file);
	overlay.backing = base;
	overlay.backing_name = name;
	overlay.parts = true;
	struct over_base *over = xcalloc(1, sizeof(*over));
	if (disk_create(driver, &overlay, &over->overlay, err)) {
		free(over);
		return -1;
	}
	over->disk = (struct disk){.driver = &driver_over_base,
		.size = options->size,
		.block = BLOCK,
		.writable = true};
	over->written = xcalloc(divide_up(divide_up(options->size, BLOCK), 8), 1);
	over->present = xmalloc(CHUNK);
	*ret_disk = &over->disk;
	return 0;
}
