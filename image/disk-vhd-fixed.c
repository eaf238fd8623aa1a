/* VHD, fixed: the disk's bytes with a footer behind them, as Azure wants it. */
#include <endian.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/size.h"
#include "disk-vhd.h"
#include "host-file.h"

struct fixed {
	struct disk disk;
	int fd; /* owned */
	struct vhd_footer footer;
};

static struct fixed *fixed_of(struct disk *disk)
{
	return (struct fixed *)disk;
}

static struct disk *fixed_new(int fd, uint64_t size, const struct vhd_footer *footer)
{
	struct fixed *fixed = xmalloc(sizeof(*fixed));

	*fixed = (struct fixed){
		.disk = {.driver = &disk_vhd_fixed, .size = size, .block = HOST_FILE_BLOCK},
		.fd = fd,
		.footer = *footer,
	};
	return &fixed->disk;
}

static int fixed_create(
	const struct disk_options *options, struct disk **ret_disk, struct error *err)
{
	const struct vhd_footer footer = vhd_footer_make(options, VHD_FIXED);
	int fd;

	if (options->size % MIB)
		return error_set(err, STATUS_FAILED,
			"a disk of %llu bytes: the format vhd-fixed is Azure's, which takes whole "
			"MiB only",
			(unsigned long long)options->size);
	if (host_file_create(options->path, options->size, &fd, err))
		return -1;
	*ret_disk = fixed_new(fd, options->size, &footer);
	(*ret_disk)->writable = true;
	return 0;
}

static bool fixed_recognize(const struct disk_ends *ends)
{
	return ends->file_size > VHD_SECTOR && vhd_footer_valid(ends->tail, VHD_FIXED);
}

static int fixed_open(const char *path, bool writable, struct disk **ret_disk, struct error *err)
{
	cleanup_fd int fd = -1;
	struct vhd_footer footer;
	uint64_t file_size;

	(void)writable;
	if (host_file_open(path, false, &fd, &file_size, err) ||
		vhd_footer_read(fd, file_size - VHD_SECTOR, &footer, err))
		return -1;
	if (footer.size > file_size - VHD_SECTOR)
		return error_set(err, STATUS_FAILED,
			"VHD footer: byte 48: a disk of %llu bytes in a file of %llu",
			(unsigned long long)footer.size, (unsigned long long)file_size);
	*ret_disk = fixed_new(steal_fd(&fd), footer.size, &footer);
	return 0;
}

static int fixed_read(
	struct disk *disk, uint64_t offset, void *data, uint64_t length, struct error *err)
{
	return host_file_read(fixed_of(disk)->fd, offset, data, length, err);
}

static int fixed_write(
	struct disk *disk, uint64_t offset, const void *data, uint64_t length, struct error *err)
{
	return file_write_at(fixed_of(disk)->fd, offset, data, length, err);
}

static int fixed_zero(struct disk *disk, uint64_t offset, uint64_t length, struct error *err)
{
	return host_file_zero(fixed_of(disk)->fd, offset, length, err);
}

static bool fixed_has_data(
	struct disk *disk, uint64_t offset, uint64_t length, uint64_t *ret_length)
{
	return host_file_has_data(fixed_of(disk)->fd, offset, length, ret_length);
}

static int fixed_finish(struct disk *disk, struct error *err)
{
	struct fixed *fixed = fixed_of(disk);

	return file_write_at(fixed->fd, disk->size, &fixed->footer, sizeof(fixed->footer), err);
}

static void fixed_free(struct disk *disk)
{
	close(fixed_of(disk)->fd);
	free(disk);
}

const struct disk_driver disk_vhd_fixed = {
	.name = "vhd-fixed",
	.family = "vpc",
	.suffix = "fixed.vhd",
	.summary = "VHD of a fixed size, zeros as holes: for Azure",
	.size_max = VHD_SIZE_MAX,
	.create = fixed_create,
	.recognize = fixed_recognize,
	.open = fixed_open,
	.read = fixed_read,
	.write = fixed_write,
	.zero = fixed_zero,
	.has_data = fixed_has_data,
	.finish = fixed_finish,
	.free = fixed_free,
};
