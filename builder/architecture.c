#include "architecture.h"

#include <elf.h>
#include <endian.h>
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
		.elf = {ELFCLASS64, ELFDATA2LSB, EM_X86_64, 0},
		.user_emulator = "qemu-x86_64-static",
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
		.verity_type = "2c7357ed-ebd2-46d9-aec1-23d437ec2bf5",
	},
	{
		.name = "i386",
		.machine = "i686",
		.kernel_arch = "x86",
		.kernel_image = "arch/x86/boot/bzImage",
		.cross_prefix = "i686-linux-gnu-",
		.elf = {ELFCLASS32, ELFDATA2LSB, EM_386, 0},
		.user_emulator = "qemu-i386-static",
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
		.verity_type = "d13c5d3b-b5d1-422a-b29f-9454fdc89d76",
	},
	{
		.name = "arm64",
		.machine = "aarch64",
		.kernel_arch = "arm64",
		.kernel_image = "arch/arm64/boot/Image",
		.cross_prefix = "aarch64-linux-gnu-",
		.elf = {ELFCLASS64, ELFDATA2LSB, EM_AARCH64, 0},
		.user_emulator = "qemu-aarch64-static",
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
		.verity_type = "df3300ce-d69f-4c92-978c-9bfb0f38d820",
	},
	{
		.name = "armhf",
		.machine = "armv7l",
		.kernel_arch = "arm",
		.kernel_image = "arch/arm/boot/zImage",
		.cross_prefix = "arm-linux-gnueabihf-",
		.elf = {ELFCLASS32, ELFDATA2LSB, EM_ARM, EF_ARM_EABI_VER5 | EF_ARM_ABI_FLOAT_HARD},
		.user_emulator = "qemu-arm-static",
		.emulator = "qemu-system-arm",
		.emulator_package = "qemu-system-arm",
		.emulator_machines = (const char *const[]){"virt", NULL},
		.emulator_cpu = "cortex-a15",
		.serial_console = "ttyAMA0",
		.generic_kernel = "linux-image-armmp-lpae",
		.merged_usr = (const char *const[]){"bin", "sbin", "lib", NULL},
		.root_type = "69dad710-2ce4-4e3c-b16c-21a1d49abed3",
	},
	{
		.name = "armel",
		.machine = "armv5tel",
		.kernel_arch = "arm",
		.kernel_image = "arch/arm/boot/zImage",
		.cross_prefix = "arm-linux-gnueabi-",
		.elf = {ELFCLASS32, ELFDATA2LSB, EM_ARM, EF_ARM_EABI_VER5 | EF_ARM_ABI_FLOAT_SOFT},
		.user_emulator = "qemu-arm-static",
		.emulator = "qemu-system-arm",
		.emulator_package = "qemu-system-arm",
		.emulator_machines = (const char *const[]){"virt", NULL},
		.emulator_cpu = "cortex-a15",
		.serial_console = "ttyAMA0",
		.merged_usr = (const char *const[]){"bin", "sbin", "lib", NULL},
		.root_type = "69dad710-2ce4-4e3c-b16c-21a1d49abed3",
	},
	{
		.name = "ppc64el",
		.machine = "ppc64le",
		.kernel_arch = "powerpc",
		.kernel_image = "vmlinux",
		.cross_prefix = "powerpc64le-linux-gnu-",
		.elf = {ELFCLASS64, ELFDATA2LSB, EM_PPC64, 2},
		.user_emulator = "qemu-ppc64le-static",
		.emulator = "qemu-system-ppc64",
		.emulator_package = "qemu-system-ppc",
		.emulator_machines = (const char *const[]){"pseries", NULL},
		.emulator_cpu = "POWER9",
		.serial_console = "hvc0",
		.generic_kernel = "linux-image-powerpc64le",
		.merged_usr = (const char *const[]){"bin", "sbin", "lib", "lib64", NULL},
		.root_type = "c31c45e6-3f39-412e-80fb-4809c4980599",
	},
	{
		.name = "mips64el",
		.machine = "mips64",
		.kernel_arch = "mips",
		.kernel_image = "vmlinux",
		.cross_prefix = "mips64el-linux-gnuabi64-",
		.elf = {ELFCLASS64, ELFDATA2LSB, EM_MIPS, EF_MIPS_ARCH_64R2},
		.user_emulator = "qemu-mips64el-static",
		.emulator = "qemu-system-mips64el",
		.emulator_package = "qemu-system-mips",
		.emulator_machines = (const char *const[]){"malta", NULL},
		.emulator_cpu = "5KEc",
		.serial_console = "ttyS0",
		.generic_kernel = "linux-image-5kc-malta",
		.merged_usr = (const char *const[]){"bin", "sbin", "lib", "lib32", "lib64",
			"libo32", NULL},
		.root_type = "700bda43-7a34-4507-b179-eeb93d7a7ca3",
	},
	{
		.name = "mipsel",
		.machine = "mips",
		.kernel_arch = "mips",
		.kernel_image = "vmlinux",
		.cross_prefix = "mipsel-linux-gnu-",
		.elf = {ELFCLASS32, ELFDATA2LSB, EM_MIPS, EF_MIPS_ARCH_32R2},
		.user_emulator = "qemu-mipsel-static",
		.emulator = "qemu-system-mipsel",
		.emulator_package = "qemu-system-mips",
		.emulator_machines = (const char *const[]){"malta", NULL},
		.emulator_cpu = "24Kf",
		.serial_console = "ttyS0",
		.generic_kernel = "linux-image-4kc-malta",
		.merged_usr = (const char *const[]){"bin", "sbin", "lib", "lib32", "lib64", NULL},
		.root_type = "37c58c8a-d913-4156-a25f-48b1b64e07f0",
	},
	{
		.name = "riscv64",
		.machine = "riscv64",
		.kernel_arch = "riscv",
		.kernel_image = "arch/riscv/boot/Image",
		.cross_prefix = "riscv64-linux-gnu-",
		.elf = {ELFCLASS64, ELFDATA2LSB, EM_RISCV,
			EF_RISCV_RVC | EF_RISCV_FLOAT_ABI_DOUBLE},
		.user_emulator = "qemu-riscv64-static",
		.emulator = "qemu-system-riscv64",
		.emulator_package = "qemu-system-misc",
		.emulator_machines = (const char *const[]){"virt", NULL},
		.emulator_cpu = "rv64",
		.serial_console = "ttyS0",
		.generic_kernel = "linux-image-riscv64",
		.merged_usr = (const char *const[]){"bin", "sbin", "lib", NULL},
		.root_type = "72ec70a6-cf74-40e6-bd49-4bda08e8f224",
	},
	{
		.name = "s390x",
		.machine = "s390x",
		.kernel_arch = "s390",
		.kernel_image = "arch/s390/boot/bzImage",
		.cross_prefix = "s390x-linux-gnu-",
		.elf = {ELFCLASS64, ELFDATA2MSB, EM_S390, 0},
		.user_emulator = "qemu-s390x-static",
		.emulator = "qemu-system-s390x",
		.emulator_package = "qemu-system-misc",
		.emulator_machines = (const char *const[]){"s390-ccw-virtio", NULL},
		.emulator_cpu = "max",
		.serial_console = "ttysclp0",
		.generic_kernel = "linux-image-s390x",
		.merged_usr = (const char *const[]){"bin", "sbin", "lib", "lib32", NULL},
		.root_type = "5eead9a9-fe09-4a1e-a1d7-520d00531306",
	},
	{
		.name = "m68k",
		.machine = "m68k",
		.kernel_arch = "m68k",
		.kernel_image = "vmlinux",
		.cross_prefix = "m68k-linux-gnu-",
		.elf = {ELFCLASS32, ELFDATA2MSB, EM_68K, 0},
		.user_emulator = "qemu-m68k-static",
		.emulator = "qemu-system-m68k",
		.emulator_package = "qemu-system-misc",
		.emulator_machines = (const char *const[]){"virt", NULL},
		.emulator_cpu = "m68040",
		.serial_console = "ttyGF0",
		.merged_usr = (const char *const[]){"bin", "sbin", "lib", NULL},
		.root_type = "0fc63daf-8483-4772-8e79-3d69d8477de4", /* any data: it has none */
		.ports = true,
		.no_pci = true,
	},
	{
		.name = "powerpc",
		.machine = "ppc",
		.kernel_arch = "powerpc",
		.kernel_image = "vmlinux",
		.cross_prefix = "powerpc-linux-gnu-",
		.elf = {ELFCLASS32, ELFDATA2MSB, EM_PPC, 0},
		.user_emulator = "qemu-ppc-static",
		.emulator = "qemu-system-ppc",
		.emulator_package = "qemu-system-ppc",
		.emulator_machines = (const char *const[]){"g3beige", NULL},
		.emulator_cpu = "g3",
		.serial_console = "ttyPZ0",
		.merged_usr = (const char *const[]){"bin", "sbin", "lib", NULL},
		.root_type = "1de3f1ef-fa98-47b5-8dcd-4a860a654d78",
		.ports = true,
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

/* Of 32-bit ARM there are two, by how they pass numbers. */
static uint32_t telling_flags(const struct elf_kind *elf)
{
	return elf->machine == EM_ARM ? elf->flags & (EF_ARM_ABI_FLOAT_HARD | EF_ARM_ABI_FLOAT_SOFT)
				      : 0;
}

const struct architecture *architecture_of_program(const void *program, size_t length)
{
	Elf32_Ehdr header; /* up to the machine, Elf64_Ehdr is the same */
	size_t needed = offsetof(Elf32_Ehdr, e_ehsize);

	if (length < needed || memcmp(program, ELFMAG, SELFMAG))
		return NULL;
	memcpy(&header, program, needed);
	bool big = header.e_ident[EI_DATA] == ELFDATA2MSB;
	const struct elf_kind kind = {header.e_ident[EI_CLASS], header.e_ident[EI_DATA],
		big ? be16toh(header.e_machine) : le16toh(header.e_machine),
		big ? be32toh(header.e_flags) : le32toh(header.e_flags)};
	for (size_t i = 0; i < architecture_count; i++) {
		const struct elf_kind *elf = &architectures[i].elf;
		if (elf->class == kind.class && elf->data == kind.data &&
			elf->machine == kind.machine && telling_flags(elf) == telling_flags(&kind))
			return &architectures[i];
	}
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
