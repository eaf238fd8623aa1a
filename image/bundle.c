#include "bundle.h"

#include <errno.h>
#include <fcntl.h>

#include "base/cleanup.h"
#include "base/file.h"

extern const struct bundle bundle_ova, bundle_vmx, bundle_libvirt, bundle_xl, bundle_firecracker,
	bundle_cloud_hypervisor, bundle_gce, bundle_vmlinuz, bundle_vmlinux, bundle_initrd,
	bundle_tar, bundle_tar_gz, bundle_tar_xz, bundle_tar_zst, bundle_oci, bundle_lxc,
	bundle_lxc_meta, bundle_openvz, bundle_vserver, bundle_wsl;

static const struct bundle *const bundles[] = {&bundle_ova, &bundle_vmx, &bundle_libvirt,
	&bundle_xl, &bundle_firecracker, &bundle_cloud_hypervisor, &bundle_gce, &bundle_vmlinuz,
	&bundle_vmlinux, &bundle_initrd, &bundle_tar, &bundle_tar_gz, &bundle_tar_xz,
	&bundle_tar_zst, &bundle_oci, &bundle_lxc, &bundle_lxc_meta, &bundle_openvz,
	&bundle_vserver, &bundle_wsl};

const struct bundle *bundle_at(size_t index)
{
	return index < array_count(bundles) ? bundles[index] : NULL;
}

int bundle_create(const char *path, int *ret_fd, struct error *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0)
		return error_errno(err, errno, "%s", path);
	*ret_fd = fd;
	return 0;
}

int bundle_write_description(const struct bundle *bundle, const struct image_order *order,
	const char *path, struct error *err)
{
	cleanup_buffer struct buffer text = {0};

	bundle->describe(order->contents->appliance, &text);
	return file_write(AT_FDCWD, path, text.data, text.length, 0644, err);
}
