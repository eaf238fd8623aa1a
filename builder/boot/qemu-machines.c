/* The machines that QEMU emulates for tests and interactive runs. */
#include "base/cleanup.h"
#include "base/file.h"
#include "base/size.h"
#include "qemu-command.h"

#define PC_UEFI                                                                      \
	.uefi_code = "/usr/share/OVMF/OVMF_CODE_4M.fd",                              \
	.uefi_variables = "/usr/share/OVMF/OVMF_VARS_4M.fd", .uefi_package = "ovmf", \
	.uefi_memory = 192 * MIB
#define PC_AGENT                                                                            \
	.agent_options =                                                                    \
		(const char *const[]){"-device", "isa-serial,index=1,chardev=agent", NULL}, \
	.agent_device = "/dev/ttyS1"
#define PC .bus = "pci", .panic_device = "pvpanic", PC_AGENT
/* Where there is one serial line only. */
#define PORT_AGENT(bus)                                                                    \
	.agent_options = (const char *const[]){"-device", "virtio-serial-" bus, "-device", \
		"virtserialport,name=jeos,chardev=agent", NULL},                           \
	.agent_device = "/dev/virtio-ports/jeos"

/* Without graphics SeaBIOS speaks on the serial port. */
static const struct qemu_machine qemu_machines[] = {
	{
		/* The one firmware that there is for 32 bits needs system management mode. */
		.name = "q35",
		.emulator = "qemu-system-i386",
		.options = "q35,graphics=off,smm=on",
		PC,
		.uefi_code = "/usr/share/OVMF/OVMF32_CODE_4M.secboot.fd",
		.uefi_variables = "/usr/share/OVMF/OVMF32_VARS_4M.fd",
		.uefi_package = "ovmf-ia32",
		.uefi_memory = 192 * MIB,
	},
	{
		.name = "pc",
		.emulator = "qemu-system-i386",
		.options = "pc,graphics=off",
		PC,
	},
	{
		.name = "q35",
		.options = "q35,graphics=off",
		PC,
		PC_UEFI,
		.pvh_firmware = "qboot.rom",
	},
	{
		.name = "pc",
		.options = "pc,graphics=off",
		PC,
		PC_UEFI,
		.pvh_firmware = "qboot.rom",
	},
	{
		.name = "microvm",
		.options = "microvm,acpi=on",
		.bus = "device",
		PC_AGENT,
		.no_clock = true,
	},
	{
		.name = "no-acpi", /* devices are told by the kernel's command line */
		.options = "microvm,acpi=off",
		.bus = "device",
		PC_AGENT,
		.no_clock = true,
		.no_power_switch = true,
	},
	{
		.name = "virt",
		.emulator = "qemu-system-aarch64",
		.options = "virt",
		.bus = "pci",
		PORT_AGENT("pci"),
		.uefi_code = "/usr/share/AAVMF/AAVMF_CODE.fd",
		.uefi_variables = "/usr/share/AAVMF/AAVMF_VARS.fd",
		.uefi_package = "qemu-efi-aarch64",
		.uefi_memory = 384 * MIB,
	},
	{
		.name = "virt",
		.emulator = "qemu-system-arm",
		.options = "virt,highmem=off",
		.bus = "pci",
		PORT_AGENT("pci"),
	},
	{
		.name = "virt",
		.emulator = "qemu-system-riscv64",
		.options = "virt",
		.bus = "pci",
		PORT_AGENT("pci"),
		.silent_end = true, /* before QEMU 8 */
	},
	{
		.name = "virt",
		.emulator = "qemu-system-m68k",
		.options = "virt",
		.bus = "device",
		PORT_AGENT("device"),
	},
	{
		.name = "g3beige",
		.options = "g3beige",
		.bus = "pci",
		.agent_options = (const char *const[]){"-serial", "chardev:agent", NULL},
		.agent_device = "/dev/ttyPZ1",
	},
	{
		.name = "pseries",
		.options = "pseries,x-vof=on",
		.bus = "pci",
		.agent_options = (const char *const[]){"-device", "spapr-vty,chardev=agent", NULL},
		.agent_device = "/dev/hvc1",
	},
	{
		.name = "malta",
		.options = "malta",
		.bus = "pci",
		.agent_options = (const char *const[]){"-serial", "chardev:agent", NULL},
		.agent_device = "/dev/ttyS1",
	},
	{
		.name = "s390-ccw-virtio",
		.options = "s390-ccw-virtio",
		.bus = "ccw",
		PORT_AGENT("ccw"),
	},
};

int qemu_machine_find(
	const struct boot_options *boot, const struct qemu_machine **ret_machine, struct error *err)
{
	const struct architecture *architecture = boot->architecture;
	cleanup_free char *program = program_find(architecture->emulator);

	if (!program)
		return error_set(err, STATUS_MISSING, "%s: program not found; install %s",
			architecture->emulator, architecture->emulator_package);
	for (size_t i = 0; i < array_count(qemu_machines); i++)
		if (text_equal(qemu_machines[i].name, boot->machine.machine) &&
			(!qemu_machines[i].emulator ||
				text_equal(qemu_machines[i].emulator, architecture->emulator))) {
			*ret_machine = &qemu_machines[i];
			return 0;
		}
	return error_set(err, STATUS_MISSING, "%s: no machine to run it on", architecture->name);
}

uint64_t qemu_memory(const struct boot_options *boot, const struct qemu_machine *machine)
{
	uint64_t least = boot->path == BOOT_UEFI ? machine->uefi_memory : 0;

	return boot->test->memory > least ? boot->test->memory : least;
}
