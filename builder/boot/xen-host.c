#include "xen-host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/size.h"
#include "image/disk.h"
#include "image/ext4.h"
#include "image/image.h"
#include "image/uncompress.h"
#include "kernel-files.h"

enum { FILE_LIMIT = 512 * MIB, HYPERVISOR_LIMIT = 64 * MIB };

/* Debian's, in dom0. */
#define HYPERVISOR "/boot/xen-4.17-amd64.gz"

static int put_file(struct ext4 *root, int work, const char *name, struct error *err)
{
	cleanup_free char *path = xasprintf(XEN_GUEST "%s", name);
	cleanup_buffer struct buffer content = {0};

	if (file_read(work, name, FILE_LIMIT, &content, err))
		return -1;
	return ext4_write_file(root, path, content.data, content.length, 0600, err);
}

static int put_text(struct ext4 *root, const char *path, const char *text, struct error *err)
{
	return ext4_write_file(root, path, text, strlen(text), 0600, err);
}

static int put_guest(struct ext4 *root, const struct xen_guest *guest, int work, struct error *err)
{
	cleanup_free char *config = xen_guest_config(guest);
	const struct boot_kernel *kernel = guest->kernel;

	if (put_text(root, XEN_GUEST "xl.cfg", config, err) ||
		put_text(root, XEN_GUEST "lines", guest->kind->lines, err))
		return -1;
	if (kernel && put_file(root, work, kernel->image, err))
		return -1;
	return kernel && kernel->initrd ? put_file(root, work, kernel->initrd, err) : 0;
}

/* As QEMU loads it: without compression. */
static int take_hypervisor(struct ext4 *root, int work, struct error *err)
{
	cleanup_buffer struct buffer packed = {0}, xen = {0};

	if (ext4_read_file(root, HYPERVISOR, HYPERVISOR_LIMIT, &packed, err) ||
		uncompress_data(packed.data, packed.length, HYPERVISOR_LIMIT, &xen, err))
		return error_wrap(err, HYPERVISOR);
	return file_write(work, XEN_HYPERVISOR, xen.data, xen.length, 0600, err);
}

static int make_disk(const char *image, const struct xen_guest *guest, const char *path, int work,
	struct error *err)
{
	cleanup_free char *below = realpath(image, NULL);
	cleanup_disk struct disk *artefact = NULL, *disk = NULL;
	cleanup_ext4 struct ext4 *root = NULL;
	struct slice slice;

	if (disk_open(image, false, &artefact, err))
		return -1;
	const struct disk_options wanted = {
		.path = path,
		.size = artefact->size,
		.backing = artefact,
		.backing_name = below,
	};
	if (disk_create(&disk_qcow2, &wanted, &disk, err) || image_find_root(disk, &slice, err) ||
		ext4_open(&slice, true, &root, err) || take_hypervisor(root, work, err) ||
		put_guest(root, guest, work, err) || ext4_close(steal_pointer(&root), err))
		return -1;
	return disk_finish(disk, err);
}

static int take_kernel(const char *image, int work, char **ret_command_line, struct error *err)
{
	cleanup_kernel_files struct kernel_files files = {0};

	if (kernel_files_read(image, false, &files, err) ||
		file_write(
			work, XEN_HOST_KERNEL, files.kernel.data, files.kernel.length, 0600, err) ||
		file_write(
			work, XEN_HOST_INITRD, files.initrd.data, files.initrd.length, 0600, err))
		return -1;
	*ret_command_line = steal_pointer(&files.command_line);
	return 0;
}

int xen_host_make(const struct boot_options *boot, const struct xen_guest *guest,
	char **ret_command_line, struct error *err)
{
	cleanup_free char *path = xasprintf("%s/" XEN_HOST_DISK, boot->work);
	cleanup_fd int work = open(boot->work, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (work < 0)
		return error_errno(err, errno, "%s", boot->work);
	if (make_disk(boot->host, guest, path, work, err) ||
		take_kernel(boot->host, work, ret_command_line, err))
		return error_wrap(err, "Xen's host, %s", boot->host);
	return 0;
}
