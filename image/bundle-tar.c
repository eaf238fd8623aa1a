/* The root as a tar archive. */
#include "bundle.h"

#include "base/cleanup.h"

int bundle_write_root(const struct bundle *bundle, const struct image_order *order,
	const char *path, struct error *err)
{
	cleanup_fd int fd = -1;
	const struct tar_tree tree = {
		.tree = order->contents->tree,
		.epoch = order->layout->epoch,
		.changes = bundle->changes,
	};
	cleanup_output struct output *output = NULL;
	struct output_sum in, out;

	if (bundle_create(path, &fd, err))
		return -1;
	const struct output_options options = {.fd = fd, .compression = bundle->compression};
	if (output_new(&options, &output, err) || tar_tree(output, &tree, err) ||
		output_finish(output, &in, &out, err))
		return error_wrap(err, "%s", path);
	return 0;
}

const struct bundle bundle_tar = {
	.name = "tar",
	.suffix = "tar",
	.summary = "the root as a tar archive",
	.write = bundle_write_root,
};
const struct bundle bundle_tar_gz = {
	.name = "tar-gz",
	.suffix = "tar.gz",
	.summary = "the same, compressed by gzip",
	.write = bundle_write_root,
	.compression = COMPRESSION_GZIP,
};
const struct bundle bundle_tar_xz = {
	.name = "tar-xz",
	.suffix = "tar.xz",
	.summary = "the same, compressed by xz: the smallest, and the slowest to make",
	.write = bundle_write_root,
	.compression = COMPRESSION_XZ,
};
const struct bundle bundle_tar_zst = {
	.name = "tar-zst",
	.suffix = "tar.zst",
	.summary = "the same, compressed by zstd: the quickest",
	.write = bundle_write_root,
	.compression = COMPRESSION_ZSTD,
};
