/*
 * Configurations of hypervisors that boot a kernel directly: Firecracker, cloud-hypervisor, Xen.
 * Files are named as they are beside the configuration: it is used in their directory.
 */
#include "bundle.h"

#include <jansson.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/size.h"

/* The command line with the root on that device, unless the disk has a table to find it by. */
static char *command_line(const struct appliance *appliance, const char *device)
{
	const char *line = appliance->command_line ? appliance->command_line : "";
	const char *root = strstr(line, "root=");

	if (appliance->disk.partitioned || !root)
		return xstrdup(line);
	return xasprintf(
		"%.*sroot=%s%s", (int)(root - line), line, device, root + strcspn(root, " "));
}

static uint64_t memory(const struct appliance *appliance)
{
	return divide_up(appliance->memory, MIB);
}

static bool is_read_only(const struct appliance *appliance)
{
	return !strcmp(appliance->disk.format, "squashfs");
}

static void describe_firecracker(const struct appliance *appliance, struct buffer *text)
{
	cleanup_free char *line = command_line(appliance, "/dev/vda");
	json_t *source = json_pack(
		"{s:s, s:s}", "kernel_image_path", appliance->kernel_file, "boot_args", line);
	json_t *drive = json_pack("{s:s, s:s, s:b, s:b}", "drive_id", "rootfs", "path_on_host",
		appliance->disk.file, "is_root_device", 0, "is_read_only", is_read_only(appliance));
	json_t *machine = json_pack("{s:i, s:I}", "vcpu_count", (int)appliance->processors,
		"mem_size_mib", (json_int_t)memory(appliance));

	if (appliance->initrd_file)
		json_object_set_new(source, "initrd_path", json_string(appliance->initrd_file));
	json_t *document = json_pack("{s:o, s:[o], s:o}", "boot-source", source, "drives", drive,
		"machine-config", machine);
	cleanup_free char *json = json_dumps(document, JSON_INDENT(2));
	json_decref(document);
	buffer_printf(text, "%s\n", json);
}

/* Since 50.1 a disk whose format is not told cannot be changed in its first sector, and versions
 * before do not know the word. */
static void describe_cloud_hypervisor(const struct appliance *appliance, struct buffer *text)
{
	cleanup_free char *line = command_line(appliance, "/dev/vda");

	buffer_printf(text,
		"#!/bin/sh\n"
		"# Starts %s; further options go to cloud-hypervisor, such as --net tap=.\n"
		"cd \"$(dirname \"$0\")\" || exit 1\n"
		"type=\n"
		"cloud-hypervisor --help | grep -q image_type= && type=,image_type=raw\n"
		"exec cloud-hypervisor --kernel '%s' \\\n",
		appliance->name, appliance->kernel_file);
	if (appliance->initrd_file)
		buffer_printf(text, "\t--initramfs '%s' \\\n", appliance->initrd_file);
	buffer_printf(text,
		"\t--disk 'path=%s%s'\"$type\" \\\n"
		"\t--cmdline '%s' \\\n"
		"\t--cpus boot=%u --memory size=%lluM \\\n"
		"\t--serial tty --console off \"$@\"\n",
		appliance->disk.file, is_read_only(appliance) ? ",readonly=on" : "", line,
		appliance->processors, (unsigned long long)memory(appliance));
}

static const struct {
	const char *format, *name; /* xl's */
} xl_formats[] = {{"qcow2", "qcow2"}, {"qcow2-v2", "qcow2"}, {"vhd", "vhd"}};

static void describe_xl(const struct appliance *appliance, struct buffer *text)
{
	cleanup_free char *line = command_line(appliance, "/dev/xvda");
	const char *format = "raw";

	for (size_t i = 0; i < array_count(xl_formats); i++)
		if (!strcmp(xl_formats[i].format, appliance->disk.format))
			format = xl_formats[i].name;
	buffer_printf(text,
		"name = \"%s\"\n"
		"type = \"pvh\"\n"
		"kernel = \"%s\"\n",
		appliance->product, appliance->kernel_file);
	if (appliance->initrd_file)
		buffer_printf(text, "ramdisk = \"%s\"\n", appliance->initrd_file);
	buffer_printf(text,
		"cmdline = \"%s\"\n"
		"memory = %llu\n"
		"vcpus = %u\n"
		"disk = [\"format=%s,vdev=xvda,access=%s,target=%s\"]\n"
		"vif = [\"\"]\n",
		line, (unsigned long long)memory(appliance), appliance->processors, format,
		is_read_only(appliance) ? "ro" : "rw", appliance->disk.file);
}

/* The first that is there. */
static const char *const raw_disks[] = {"ext4", "squashfs", "raw", NULL};
static const char *const xl_disks[] = {"ext4", "squashfs", "raw", "qcow2", "vhd", NULL};

const struct bundle bundle_firecracker = {
	.name = "firecracker",
	.suffix = "firecracker.json",
	.summary = "Firecracker's configuration for the kernel and the root beside it",
	.write = bundle_write_description,
	.describe = describe_firecracker,
	.disks = raw_disks,
	.kernel = "vmlinux",
};
const struct bundle bundle_cloud_hypervisor = {
	.name = "cloud-hypervisor",
	.suffix = "cloud-hypervisor.sh",
	.summary = "the command for cloud-hypervisor with the kernel and the root beside it",
	.write = bundle_write_description,
	.describe = describe_cloud_hypervisor,
	.disks = raw_disks,
	.kernel = "vmlinux",
};
const struct bundle bundle_xl = {
	.name = "xl",
	.suffix = "xl.cfg",
	.summary = "Xen's configuration for the kernel and the root beside it, PVH",
	.write = bundle_write_description,
	.describe = describe_xl,
	.disks = xl_disks,
	.kernel = "vmlinuz",
};
