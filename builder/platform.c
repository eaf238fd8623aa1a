#include "platform.h"

#include <string.h>

#include "base/memory.h"

static const char *const virtio_root[] = {
	"virtio_pci", "virtio_blk", "virtio_scsi", "sd_mod", "ext4", NULL};
static const char *const virtio_modules[] = {"virtio_pci", "virtio_blk", "virtio_scsi", "sd_mod",
	"virtio_net", "virtio_console", "virtio_balloon", "virtio_rng",
	"vmw_vsock_virtio_transport", "virtiofs", "qemu_fw_cfg", NULL};

static const char *const kvm_fragments[] = {"pci", "efi", "screen", "virtio", "kvm", NULL};
static const char *const kvm_symbols[] = {
	"EXT4_FS", "DEVTMPFS", "VIRTIO_PCI", "VIRTIO_BLK", "VIRTIO_NET", NULL};

static const char *const microvm_root[] = {"virtio_mmio", "virtio_blk", "ext4", NULL};
static const char *const microvm_modules[] = {"virtio_mmio", "virtio_blk", "virtio_net",
	"virtio_console", "virtio_balloon", "virtio_rng", "vmw_vsock_virtio_transport", NULL};
static const char *const microvm_fragments[] = {"virtio", "microvm", NULL};
static const char *const microvm_symbols[] = {
	"EXT4_FS", "DEVTMPFS", "VIRTIO_MMIO", "VIRTIO_BLK", "VIRTIO_NET", NULL};
static const struct test_machine kvm_machines[] = {
	{.disk = "virtio-blk", .network = "virtio-net"}, {0}};
static const struct test_machine microvm_machines[] = {
	{"microvm", "microvm", .disk = "virtio-blk", .network = "virtio-net"},
	{"no-acpi", "no-acpi", .disk = "virtio-blk", .network = "virtio-net"}, {0}};

const struct platform platforms[] = {
	{
		.name = "kvm",
		.summary = "KVM and QEMU with virtio devices on PCI",
		.formats = (const char *const[]){"qcow2", NULL},
		.paths = BY_BIOS | BY_UEFI | BY_DIRECT,
		.modules = virtio_modules,
		.root_modules = virtio_root,
		.fragments = kvm_fragments,
		.symbols = kvm_symbols,
		.machines = kvm_machines,
	},
	{
		.name = "microvm",
		.summary = "QEMU's microvm and its like: virtio without PCI, a kernel without "
			   "firmware",
		.formats = (const char *const[]){"raw", NULL},
		.paths = BY_DIRECT | BY_PVH,
		.modules = microvm_modules,
		.root_modules = microvm_root,
		.fragments = microvm_fragments,
		.symbols = microvm_symbols,
		.machines = microvm_machines,
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
