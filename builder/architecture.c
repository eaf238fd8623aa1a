#include "architecture.h"

#include <string.h>
#include <sys/utsname.h>

#include "base/memory.h"

/* Partition types: the Discoverable Partitions Specification. */
const struct architecture architectures[] = {
	{
		.name = "amd64",
		.machine = "x86_64",
		.kernel_arch = "x86",
		.kernel_image = "arch/x86/boot/bzImage",
		.cross_prefix = "x86_64-linux-gnu-",
		.emulator = "qemu-system-x86_64",
		.emulator_package = "qemu-system-x86",
		.emulator_machines = (const char *const[]){"q35", "pc", NULL},
		.emulator_cpu = "max",
		.serial_console = "ttyS0",
		.cloud_kernel = "linux-image-cloud-amd64",
		.generic_kernel = "linux-image-amd64",
		.grub_bios = "i386-pc",
		.uefi_program = "linuxx64.efi.stub",
		.uefi_file = "BOOTX64.EFI",
		.merged_usr = (const char *const[]){"bin", "sbin", "lib", "lib32", "lib64",
			"libx32", NULL},
		.root_type = "4f68bce3-e8cd-4db1-96e7-fbcaf984b709",
	},
};
const size_t architecture_count = array_count(architectures);

const struct architecture *architecture_find(const char *name)
{
	for (size_t i = 0; i < architecture_count; i++)
		if (!strcmp(architectures[i].name, name))
			return &architectures[i];
	return NULL;
}

const struct architecture *architecture_native(void)
{
	struct utsname host;

	if (uname(&host))
		return NULL;
	for (size_t i = 0; i < architecture_count; i++)
		if (!strcmp(architectures[i].machine, host.machine))
			return &architectures[i];
	return NULL;
}
