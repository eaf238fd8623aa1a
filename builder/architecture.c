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
	{
		.name = "i386",
		.machine = "i686",
		.kernel_arch = "x86",
		.kernel_image = "arch/x86/boot/bzImage",
		.cross_prefix = "i686-linux-gnu-",
		.emulator = "qemu-system-i386",
		.emulator_package = "qemu-system-x86",
		.emulator_machines = (const char *const[]){"q35", "pc", NULL},
		.emulator_cpu = "max",
		.serial_console = "ttyS0",
		.generic_kernel = "linux-image-686-pae",
		.grub_bios = "i386-pc",
		.uefi_program = "linuxia32.efi.stub",
		.uefi_file = "BOOTIA32.EFI",
		.merged_usr = (const char *const[]){"bin", "sbin", "lib", "lib64", "libx32", NULL},
		.root_type = "44479540-f297-41b2-9af7-d131d5f0458a",
	},
	{
		.name = "arm64",
		.machine = "aarch64",
		.kernel_arch = "arm64",
		.kernel_image = "arch/arm64/boot/Image",
		.cross_prefix = "aarch64-linux-gnu-",
		.emulator = "qemu-system-aarch64",
		.emulator_package = "qemu-system-arm",
		.emulator_machines = (const char *const[]){"virt", NULL},
		.emulator_cpu = "cortex-a57",
		.serial_console = "ttyAMA0",
		.cloud_kernel = "linux-image-cloud-arm64",
		.generic_kernel = "linux-image-arm64",
		.uefi_program = "linuxaa64.efi.stub",
		.uefi_file = "BOOTAA64.EFI",
		.merged_usr = (const char *const[]){"bin", "sbin", "lib", NULL},
		.root_type = "b921b045-1df0-41c3-af44-4c6f280d3fae",
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
