/* What Google Compute Engine imports: a disk, which must be called disk.raw, alone in a tar archive
 * of GNU tar's old format, compressed by gzip. */
#include "bundle.h"

#include <errno.h>
#include <fcntl.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/size.h"

static int write_archive(
	const struct image_order *order, const char *disk, const char *path, struct error *err)
{
	cleanup_fd int from = open(disk, O_RDONLY | O_CLOEXEC), to = -1;
	cleanup_output struct output *output = NULL;
	struct output_sum in, out;

	if (from < 0)
		return error_errno(err, errno, "%s", disk);
	if (bundle_create(path, &to, err))
		return -1;
	const struct output_options options = {.fd = to, .compression = COMPRESSION_GZIP};
	if (output_new(&options, &output, err) ||
		tar_sparse(
			output, "disk.raw", from, order->layout->size, order->layout->epoch, err) ||
		tar_end(output, err) || output_finish(output, &in, &out, err))
		return error_wrap(err, "%s", path);
	return 0;
}

/* The disk is written in any order, the archive from start to end: hence a sparse file between. */
static int write_gce(const struct bundle *bundle, const struct image_order *order, const char *path,
	struct error *err)
{
	cleanup_work struct work_directory work = {0};

	(void)bundle;
	if (work_directory_make(order->work, "gce", &work, err))
		return -1;
	cleanup_free char *disk = xasprintf("%s/disk.raw", work.path);
	if (image_write_disk(order, &disk_raw, 0, disk, err))
		return -1;
	return write_archive(order, disk, path, err);
}

const struct bundle bundle_gce = {
	.name = "gce",
	.suffix = "gce.tar.gz",
	.summary = "for import into Google Compute Engine: disk.raw in a tar archive",
	.write = write_gce,
	.holds_disk = true,
	.disk_multiple = GIB,
};
