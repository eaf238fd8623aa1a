#include "platform.h"

#include <string.h>

#include "base/memory.h"

#define LIST(...)     ((const char *const[]){__VA_ARGS__, NULL})
#define MACHINES(...) ((const struct test_machine[]){__VA_ARGS__, {0}})

#define VIRTIO_ROOT "virtio_pci", "virtio_blk", "virtio_scsi", "sd_mod", "ext4"
#define VIRTIO_MODULES                                                                       \
	"virtio_pci", "virtio_blk", "virtio_scsi", "sd_mod", "virtio_net", "virtio_console", \
		"virtio_balloon", "virtio_rng", "vmw_vsock_virtio_transport", "virtiofs",    \
		"qemu_fw_cfg"
#define VIRTIO_FRAGMENTS "pci", "efi", "screen", "virtio", "kvm"
#define VIRTIO_SYMBOLS   "EXT4_FS", "DEVTMPFS", "VIRTIO_PCI", "VIRTIO_BLK", "VIRTIO_NET"

/* Virtio without PCI. */
#define MMIO_ROOT "virtio_mmio", "virtio_blk", "ext4"
#define MMIO_MODULES                                                                   \
	"virtio_mmio", "virtio_blk", "virtio_net", "virtio_console", "virtio_balloon", \
		"virtio_rng", "vmw_vsock_virtio_transport"
#define MMIO_SYMBOLS "EXT4_FS", "DEVTMPFS", "VIRTIO_MMIO", "VIRTIO_BLK", "VIRTIO_NET"

#define HYPERV_ROOT "hv_storvsc", "ata_piix", "sd_mod", "ext4"
#define HYPERV_MODULES                                                             \
	"hv_storvsc", "ata_piix", "sd_mod", "hv_netvsc", "hv_utils", "hv_balloon", \
		"hyperv_keyboard", "hv_sock", "pci_hyperv"
#define HYPERV_SYMBOLS \
	"EXT4_FS", "DEVTMPFS", "HYPERV", "HYPERV_STORAGE", "HYPERV_NET", "HYPERV_UTILS"

/* Configuration on a small disk or CD. */
#define SEED_MODULES "isofs", "vfat", "sr_mod"

#define VIRTIO_MACHINE(name, machine)                                        \
	{                                                                    \
		name, machine, .disk = "virtio-blk", .network = "virtio-net" \
	}
/* An IDE disk by BIOS, and the same by UEFI: QEMU has no VMBus. */
#define GENERATIONS(card)                                                      \
	{"generation-1", "pc", BY_BIOS, NULL, "ide-hd", .network = card},      \
	{                                                                      \
		"generation-2", "pc", BY_UEFI, NULL, "ide-hd", .network = card \
	}

/* In a Xen that runs in QEMU. */
#define XEN_MACHINE(name, type, by)                                                 \
	{                                                                           \
		name, type, by, .disk = "xvda", .network = "vif", .backend = "xen", \
				.host = "xen-dom0"                                  \
	}

static const char *const none[] = {NULL};
/* What all containers have in common: the engine of boot/container.c that tests them, and their
 * formats, of which the first is what it runs. They have no disk. */
#define CONTAINER(engine, ...)                                                                   \
	.formats = LIST(__VA_ARGS__), .paths = BY_DIRECT, .modules = none, .root_modules = none, \
	.fragments = none, .symbols = none, .no_kernel = true,                                   \
	.machines = MACHINES({engine, engine, .disk = "tree", .backend = "container"})

const struct platform platforms[] = {
	{
		.name = "kvm",
		.summary = "KVM and QEMU with virtio devices on PCI",
		.formats = LIST("qcow2"),
		.paths = BY_BIOS | BY_UEFI | BY_DIRECT,
		.modules = LIST(VIRTIO_MODULES),
		.root_modules = LIST(VIRTIO_ROOT),
		.fragments = LIST(VIRTIO_FRAGMENTS),
		.symbols = LIST(VIRTIO_SYMBOLS),
		.machines = MACHINES(VIRTIO_MACHINE(NULL, NULL)),
	},
	{
		.name = "legacy-pc",
		.summary = "QEMU of the days of kqemu: IDE disks, cards of the nineties, BIOS",
		.kernel_arch = "x86",
		.formats = LIST("qcow2-v2"),
		.paths = BY_BIOS,
		.generic = true,
		.modules = LIST(
			"ata_piix", "sd_mod", "ne2k_pci", "8139cp", "8139too", "e1000", "pcnet32"),
		.root_modules = LIST("ata_piix", "sd_mod", "ext4"),
		.fragments = LIST("pci", "screen", "legacy-pc"),
		.symbols =
			LIST("EXT4_FS", "DEVTMPFS", "ATA_PIIX", "BLK_DEV_SD", "NE2K_PCI", "8139CP"),
		.machines = MACHINES({"ne2k", "pc", 0, NULL, "ide-hd", .network = "ne2k_pci"},
			{"rtl8139", "pc", 0, NULL, "ide-hd", .network = "rtl8139"}),
	},
	{
		.name = "microvm",
		.summary = "QEMU's microvm and its like: virtio without PCI, a kernel without "
			   "firmware",
		.kernel_arch = "x86",
		.formats = LIST("raw"),
		.paths = BY_DIRECT | BY_PVH,
		.modules = LIST(MMIO_MODULES),
		.root_modules = LIST(MMIO_ROOT),
		.fragments = LIST("virtio", "microvm"),
		.symbols = LIST(MMIO_SYMBOLS),
		.machines = MACHINES(
			VIRTIO_MACHINE("microvm", "microvm"), VIRTIO_MACHINE("no-acpi", "no-acpi")),
	},
	{
		.name = "firecracker",
		.summary = "Firecracker: virtio without PCI, told by ACPI or the command line",
		.kernel_arch = "x86",
		.formats = LIST("raw", "vmlinux", "initrd", "firecracker"),
		.paths = BY_DIRECT | BY_PVH,
		.modules = LIST(MMIO_MODULES),
		.root_modules = LIST(MMIO_ROOT),
		/* Its ACPI tables are read only by a kernel that knows PCI. */
		.fragments = LIST("pci", "virtio", "microvm"),
		.symbols = LIST(MMIO_SYMBOLS, "ACPI", "PCI", "KVM_GUEST", "SERIAL_8250_CONSOLE"),
		.machines = MACHINES(VIRTIO_MACHINE("acpi", "microvm"),
			VIRTIO_MACHINE("command-line", "no-acpi")),
	},
	{
		.name = "cloud-hypervisor",
		.summary = "Cloud Hypervisor: virtio on PCI, a kernel by PVH or UEFI",
		.kernel_arch = "x86",
		.formats = LIST("raw", "vmlinux", "initrd", "cloud-hypervisor"),
		.paths = BY_UEFI | BY_PVH,
		.modules = LIST(VIRTIO_MODULES),
		.root_modules = LIST(VIRTIO_ROOT),
		.fragments = LIST(VIRTIO_FRAGMENTS),
		.symbols = LIST(VIRTIO_SYMBOLS, "PVH"),
		.machines = MACHINES(VIRTIO_MACHINE("virtio", NULL)),
	},
	{
		.name = "virtualbox",
		.summary = "VirtualBox: SATA or IDE disks, E1000 and PCnet cards",
		.kernel_arch = "x86",
		.formats = LIST("vdi", "ova"),
		.hardware = &(const struct appliance_hardware){"virtualbox-2.2", "ahci", "e1000"},
		.paths = BY_BIOS | BY_UEFI,
		.generic = true,
		.modules = LIST(
			"ahci", "ata_piix", "sd_mod", "e1000", "pcnet32", "vboxguest", "vboxsf"),
		.root_modules = LIST("ahci", "ata_piix", "sd_mod", "ext4"),
		.fragments = LIST("pci", "efi", "screen", "virtualbox"),
		.symbols = LIST("EXT4_FS", "DEVTMPFS", "SATA_AHCI", "ATA_PIIX", "BLK_DEV_SD",
			"E1000", "VBOXGUEST"),
		.machines = MACHINES({"sata", "pc", 0, "ahci", "ide-hd", .network = "e1000"},
			{"ide", "pc", 0, NULL, "ide-hd", .network = "pcnet"}),
	},
	{
		.name = "vmware",
		.summary = "VMware ESXi, Workstation, Fusion: paravirtual or LSI SCSI, VMXNET3",
		.kernel_arch = "x86",
		.formats = LIST("vmdk", "vmx", "ova"),
		.hardware = &(const struct appliance_hardware){"vmx-10", "pvscsi", "vmxnet3"},
		.paths = BY_BIOS | BY_UEFI,
		.generic = true,
		.modules = LIST("vmw_pvscsi", "mptspi", "mptsas", "ahci", "ata_piix", "nvme",
			"sd_mod", "vmxnet3", "e1000", "e1000e", "vmw_balloon", "vmw_vmci",
			"vmw_vsock_vmci_transport"),
		.root_modules = LIST("vmw_pvscsi", "mptspi", "mptsas", "ahci", "ata_piix", "nvme",
			"sd_mod", "ext4"),
		.fragments = LIST("pci", "efi", "screen", "vmware"),
		.symbols = LIST("EXT4_FS", "DEVTMPFS", "VMWARE_PVSCSI", "FUSION_SPI", "FUSION_SAS",
			"BLK_DEV_SD", "VMXNET3", "E1000"),
		/* Debian's UEFI for QEMU has no driver for either SCSI, as VMware's has. */
		.machines = MACHINES(
			{"pvscsi", "pc", BY_BIOS, "pvscsi", "scsi-hd", .network = "vmxnet3"},
			{"lsi", "pc", BY_BIOS, "mptsas1068", "scsi-hd", .network = "e1000"},
			{"sata", "pc", 0, "ahci", "ide-hd", .network = "e1000"}),
	},
	{
		.name = "hyperv",
		.summary = "Hyper-V: generation 1 by BIOS and IDE, generation 2 by UEFI",
		.kernel_arch = "x86",
		.formats = LIST("vhdx"),
		.paths = BY_BIOS | BY_UEFI,
		.generic = true,
		.modules = LIST(HYPERV_MODULES, "tulip"),
		.root_modules = LIST(HYPERV_ROOT),
		.fragments = LIST("pci", "efi", "screen", "hyperv", "hyperv-legacy"),
		.symbols = LIST(HYPERV_SYMBOLS, "ATA_PIIX", "TULIP"),
		.machines = MACHINES(GENERATIONS("tulip")),
	},
	{
		.name = "azure",
		.summary = "Azure: Hyper-V with NVMe and cards of its own",
		.kernel_arch = "x86",
		.formats = LIST("vhd-fixed"),
		.paths = BY_BIOS | BY_UEFI,
		/* The virtio card stands in for Azure's. */
		.modules = LIST(
			HYPERV_MODULES, "nvme", "mana", "virtio_pci", "virtio_net", SEED_MODULES),
		.root_modules = LIST(HYPERV_ROOT, "nvme"),
		.fragments = LIST(VIRTIO_FRAGMENTS, "hyperv", "hyperv-legacy", "cloud", "azure"),
		.symbols = LIST(HYPERV_SYMBOLS, "PCI_HYPERV", "BLK_DEV_NVME"),
		.machines = MACHINES(GENERATIONS("virtio-net")),
	},
	{
		.name = "aws",
		.summary = "Amazon EC2: NVMe and ENA of Nitro, disks and cards of Xen before it",
		.formats = LIST("vmdk-stream"),
		.paths = BY_BIOS | BY_UEFI,
		/* The virtio card stands in for ENA. */
		.modules = LIST("nvme", "ena", "ixgbevf", "xen_blkfront", "xen_netfront",
			"virtio_pci", "virtio_net", SEED_MODULES),
		.root_modules = LIST("nvme", "xen_blkfront", "ext4"),
		.fragments = LIST(VIRTIO_FRAGMENTS, "xen", "cloud", "aws"),
		.symbols = LIST("EXT4_FS", "DEVTMPFS", "BLK_DEV_NVME", "ENA_ETHERNET",
			"XEN_BLKDEV_FRONTEND", "XEN_NETDEV_FRONTEND"),
		.machines = MACHINES({"nitro", NULL, 0, NULL, "nvme", .network = "virtio-net"}),
	},
	{
		.name = "gce",
		.summary = "Google Compute Engine: virtio SCSI or NVMe, virtio or gVNIC cards",
		.formats = LIST("gce"),
		.paths = BY_BIOS | BY_UEFI,
		.modules = LIST(VIRTIO_MODULES, "nvme", "gve", SEED_MODULES),
		.root_modules = LIST(VIRTIO_ROOT, "nvme"),
		.fragments = LIST(VIRTIO_FRAGMENTS, "cloud", "gce"),
		.symbols = LIST(VIRTIO_SYMBOLS, "SCSI_VIRTIO", "BLK_DEV_SD", "BLK_DEV_NVME"),
		.machines = MACHINES(
			{"scsi", NULL, 0, "virtio-scsi", "scsi-hd", .network = "virtio-net"},
			{"nvme", NULL, 0, NULL, "nvme", .network = "virtio-net"}),
	},
	{
		.name = "openstack",
		.summary = "OpenStack: KVM, configured by a disk or a metadata service",
		.formats = LIST("qcow2"),
		.paths = BY_BIOS | BY_UEFI,
		.modules = LIST(VIRTIO_MODULES, "ata_piix", SEED_MODULES),
		.root_modules = LIST(VIRTIO_ROOT),
		.fragments = LIST(VIRTIO_FRAGMENTS, "cloud"),
		.symbols = LIST(VIRTIO_SYMBOLS, "SCSI_VIRTIO", "ISO9660_FS", "VFAT_FS"),
		.machines = MACHINES(VIRTIO_MACHINE(NULL, NULL)),
	},
	{
		.name = "xen",
		.summary = "Xen: disks and cards of PV and PVH guests, and of the PC of HVM",
		.kernel_arch = "x86",
		.formats = LIST("raw", "vmlinuz", "initrd", "xl"),
		.paths = BY_BIOS | BY_DIRECT | BY_PVH,
		.generic = true,
		.consoles = LIST("tty0", "ttyS0", "hvc0"),
		.modules = LIST("xen_blkfront", "xen_netfront", "ata_piix", "sd_mod", "8139cp",
			"8139too", "e1000"),
		.root_modules = LIST("xen_blkfront", "ata_piix", "sd_mod", "ext4"),
		.fragments = LIST("pci", "screen", "legacy-pc", "xen"),
		.symbols = LIST("EXT4_FS", "DEVTMPFS", "XEN", "HVC_XEN", "XEN_BLKDEV_FRONTEND",
			"XEN_NETDEV_FRONTEND", "ATA_PIIX", "BLK_DEV_SD"),
		/* The machine "hvm" is the PC of an HVM guest before its kernel finds Xen. */
		.machines = MACHINES(XEN_MACHINE("pvh", "pvh", BY_PVH),
			XEN_MACHINE("pv", "pv", BY_DIRECT),
			{"hvm", "pc", BY_BIOS, NULL, "ide-hd", .network = "e1000"},
			XEN_MACHINE("hvm-guest", "hvm", BY_BIOS)),
	},
	{
		.name = "uml",
		.summary = "User Mode Linux: the guest's kernel is a program of the host",
		.formats = LIST("ext4"),
		.paths = BY_DIRECT,
		.consoles = LIST("tty0"),
		.modules = none, /* all built in */
		.root_modules = none,
		.fragments = LIST("uml"),
		.symbols = LIST("EXT4_FS", "DEVTMPFS", "BLK_DEV_UBD", "BLK_DEV_COW_COMMON", "SSL",
			"UML_NET_VECTOR"),
		.kernel_port = "um",
		.kernel_image = "linux",
		.machines = MACHINES(
			{"uml", "uml", .disk = "ubd", .network = "vector", .backend = "uml"}),
		.no_kernel = true,
	},
	{
		.name = "lxc",
		.summary = "LXC: a container with a system of its own",
		CONTAINER("lxc", "lxc", "lxc-meta"),
	},
	{
		.name = "nspawn",
		.summary = "systemd-nspawn's containers",
		CONTAINER("nspawn", "tar-zst"),
	},
	{
		.name = "oci",
		.summary = "runtimes of OCI images: runc, crun, podman",
		CONTAINER("runc", "oci"),
	},
	{
		.name = "openvz",
		.summary = "OpenVZ and Virtuozzo: templates, the host's kernel",
		CONTAINER("restricted", "openvz"),
	},
	{
		.name = "vserver",
		.summary = "Linux-VServer: templates, the host's kernel",
		CONTAINER("restricted", "vserver"),
	},
};
const size_t platform_count = array_count(platforms);

const struct platform *platform_find(const char *name)
{
	for (size_t i = 0; i < platform_count; i++)
		if (!strcmp(platforms[i].name, name))
			return &platforms[i];
	return NULL;
}

const struct platform *const *platforms_of(const struct recipe *recipe, struct arena *arena)
{
	const struct word_list *names = &recipe->platforms;
	const struct platform **found = arena_alloc(arena, (names->count + 1) * sizeof(*found));

	for (size_t i = 0; i < names->count; i++)
		found[i] = platform_find(names->items[i].text);
	return found;
}
