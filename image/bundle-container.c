/* Templates of containers that have no image format of their own. */
#include "bundle.h"

#include <string.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "base/text.h"

static const struct tar_change lxc_changes[] = {BUNDLE_NO_KERNEL, {0}};

#define NODE(name, permissions, number)                                                  \
	{                                                                                \
		.path = "dev/" name, .mode = S_IFCHR | (permissions), .device = (number) \
	}
#define LINK(name, target)                                           \
	{                                                            \
		.path = name, .mode = S_IFLNK | 0777, .text = target \
	}

/* Nobody makes device nodes there, and nobody sits at a console. makedev() is no constant. */
#define DEVICE(major, minor) ((dev_t)(major) << 8 | (minor))
static const struct tar_change shared_kernel_changes[] = {
	BUNDLE_NO_KERNEL,
	{.path = "dev/*"},
	NODE("null", 0666, DEVICE(1, 3)),
	NODE("zero", 0666, DEVICE(1, 5)),
	NODE("full", 0666, DEVICE(1, 7)),
	NODE("random", 0666, DEVICE(1, 8)),
	NODE("urandom", 0666, DEVICE(1, 9)),
	NODE("tty", 0666, DEVICE(5, 0)),
	NODE("console", 0600, DEVICE(5, 1)),
	NODE("ptmx", 0666, DEVICE(5, 2)),
	{.path = "dev/pts", .mode = S_IFDIR | 0755},
	{.path = "dev/shm", .mode = S_IFDIR | 01777},
	LINK("dev/fd", "/proc/self/fd"),
	LINK("dev/stdin", "/proc/self/fd/0"),
	LINK("dev/stdout", "/proc/self/fd/1"),
	LINK("dev/stderr", "/proc/self/fd/2"),
	LINK("etc/mtab", "/proc/mounts"),
	{.path = "etc/systemd/system/getty.target.wants"},
	{.path = "etc/systemd/system/*.wants/*getty*"},
	{0},
};

/* lxc-create(1) with the template "local": its own names for what depends on the host. */
static int write_lxc_meta(const struct bundle *bundle, const struct image_order *order,
	const char *path, struct error *err)
{
	const struct appliance *appliance = order->contents->appliance;
	int64_t epoch = order->layout->epoch;
	cleanup_fd int fd = -1;
	cleanup_output struct output *output = NULL;
	cleanup_free char *config = xasprintf("# %s\n"
					      "lxc.include = LXC_TEMPLATE_CONFIG/common.conf\n"
					      "lxc.arch = %s\n",
		appliance->name, appliance->architecture);
	cleanup_free char *message =
		xasprintf("You just created %s %s.\n", appliance->product, appliance->version);
	struct output_sum in, out;

	if (bundle_create(path, &fd, err))
		return -1;
	const struct output_options options = {.fd = fd, .compression = bundle->compression};
	if (output_new(&options, &output, err) || tar_text(output, "config", config, epoch, err) ||
		tar_text(output, "create-message", message, epoch, err) || tar_end(output, err) ||
		output_finish(output, &in, &out, err))
		return error_wrap(err, "%s", path);
	return 0;
}

const struct bundle bundle_lxc = {
	.name = "lxc",
	.suffix = "rootfs.tar.xz",
	.summary = "the root without a kernel, for lxc-create -t local -f",
	.write = bundle_write_root,
	.compression = COMPRESSION_XZ,
	.changes = lxc_changes,
};
const struct bundle bundle_lxc_meta = {
	.name = "lxc-meta",
	.suffix = "meta.tar.xz",
	.summary = "LXC's configuration for it, for lxc-create -t local -m",
	.write = write_lxc_meta,
	.compression = COMPRESSION_XZ,
};
const struct bundle bundle_openvz = {
	.name = "openvz",
	.suffix = "openvz.tar.gz",
	.summary = "a template for OpenVZ: no kernel, static device nodes, no mounts, no getty",
	.write = bundle_write_root,
	.compression = COMPRESSION_GZIP,
	.changes = shared_kernel_changes,
};
const struct bundle bundle_vserver = {
	.name = "vserver",
	.suffix = "vserver.tar.gz",
	.summary = "a template for Linux-VServer, the same",
	.write = bundle_write_root,
	.compression = COMPRESSION_GZIP,
	.changes = shared_kernel_changes,
};
