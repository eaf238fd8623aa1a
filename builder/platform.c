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
static const char *const microvm_machines[] = {"microvm", "no-acpi", NULL};

const struct platform platforms[] = {
	{
		.name = "kvm",
		.summary = "KVM and QEMU with virtio devices on PCI",
		.format = "qcow2",
		.modules = virtio_modules,
		.root_modules = virtio_root,
		.fragments = kvm_fragments,
		.symbols = kvm_symbols,
		.disk_device = "virtio-blk-pci",
		.network_device = "virtio-net-pci",
	},
	{
		.name = "microvm",
		.summary = "QEMU's microvm and its like: virtio without PCI, a kernel without "
			   "firmware",
		.format = "raw",
		.modules = microvm_modules,
		.root_modules = microvm_root,
		.fragments = microvm_fragments,
		.symbols = microvm_symbols,
		.kernel_only = true,
		.machines = microvm_machines,
		.disk_device = "virtio-blk-device",
		.network_device = "virtio-net-device",
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
