/* The kernel by itself, for what boots it without a boot loader. */
#include "bundle.h"

#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "vmlinux.h"

static int write_vmlinuz(const struct bundle *bundle, const struct image_order *order,
	const char *path, struct error *err)
{
	const struct buffer *kernel = order->contents->kernel;

	(void)bundle;
	return file_write(AT_FDCWD, path, kernel->data, kernel->length, 0644, err);
}

/* Arm's Image is what its hypervisors take: there it is both. */
static int write_vmlinux(const struct bundle *bundle, const struct image_order *order,
	const char *path, struct error *err)
{
	enum { ARM_MAGIC_AT = 0x38 };
	const struct buffer *kernel = order->contents->kernel;
	cleanup_buffer struct buffer elf = {0};

	if (kernel->length > ARM_MAGIC_AT + 4 && !memcmp(kernel->data + ARM_MAGIC_AT, "ARM\x64", 4))
		return write_vmlinuz(bundle, order, path, err);
	if (vmlinux_extract(kernel, &elf, err))
		return -1;
	return file_write(AT_FDCWD, path, elf.data, elf.length, 0644, err);
}

/* The end of a cpio archive, and nothing before it: what a kernel that needs no initramfs gets, so
 * that those who name the file need not know. */
static const char nothing[] = "070701"
			      "00000000"
			      "00000000"
			      "00000000"
			      "00000000"
			      "00000001"
			      "00000000"
			      "00000000"
			      "00000000"
			      "00000000"
			      "00000000"
			      "00000000"
			      "0000000B"
			      "00000000"
			      "TRAILER!!!\0\0\0";

static int write_initrd(const struct bundle *bundle, const struct image_order *order,
	const char *path, struct error *err)
{
	const struct buffer *initrd = order->contents->initrd;
	bool there = initrd->length;

	(void)bundle;
	return file_write(AT_FDCWD, path, there ? initrd->data : nothing,
		there ? initrd->length : sizeof(nothing), 0644, err);
}

const struct bundle bundle_vmlinuz = {
	.name = "vmlinuz",
	.suffix = "vmlinuz",
	.summary = "the kernel, for what boots it directly",
	.write = write_vmlinuz,
	.needs_kernel = true,
};
const struct bundle bundle_vmlinux = {
	.name = "vmlinux",
	.suffix = "vmlinux",
	.summary = "the same as an uncompressed ELF file",
	.write = write_vmlinux,
	.needs_kernel = true,
};
const struct bundle bundle_initrd = {
	.name = "initrd",
	.suffix = "initrd.img",
	.summary = "its initramfs; an empty one if it needs none",
	.write = write_initrd,
	.needs_kernel = true,
};
