/* A distribution for the Windows Subsystem for Linux: a root archive that says how it starts. */
#include "bundle.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/text.h"

/* What the recipe's overlays bring of these files stays. */
static int write_wsl(const struct bundle *bundle, const struct image_order *order, const char *path,
	struct error *err)
{
	const struct appliance *appliance = order->contents->appliance;
	struct stat status;
	bool systemd = !fstatat(order->contents->tree, "usr/lib/systemd/systemd", &status, 0) ||
		       !fstatat(order->contents->tree, "lib/systemd/systemd", &status, 0);
	cleanup_free char *distribution = xasprintf("[oobe]\n"
						    "defaultUid = 0\n"
						    "defaultName = %s\n",
		appliance->product);
	const struct tar_change changes[] = {
		BUNDLE_NO_KERNEL,
		{.path = "etc/resolv.conf"},
		{.path = "etc/wsl.conf",
			.mode = S_IFREG | 0644,
			.text = systemd ? "[boot]\nsystemd = true\n" : "[boot]\nsystemd = false\n",
			.when = TAR_IF_ABSENT},
		{.path = "etc/wsl-distribution.conf",
			.mode = S_IFREG | 0644,
			.text = distribution,
			.when = TAR_IF_ABSENT},
		{0},
	};
	struct bundle changed = *bundle;

	changed.changes = changes;
	return bundle_write_root(&changed, order, path, err);
}

const struct bundle bundle_wsl = {
	.name = "wsl",
	.suffix = "wsl",
	.summary = "a distribution for Windows' WSL: the root without a kernel, wsl.conf",
	.write = write_wsl,
	.compression = COMPRESSION_GZIP,
};
