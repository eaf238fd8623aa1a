/* By which ways an image can be booted. */
#include <string.h>

#include "base/cleanup.h"
#include "boot.h"
#include "image/ext4.h"
#include "image/image.h"
#include "image/partition.h"
#include "kernel-files.h"

static bool is_type(const struct partition *partition, const struct uuid *type)
{
	return !memcmp(&partition->type, type, sizeof(*type));
}

const char *const boot_path_names[BOOT_PATHS] = {
	[BOOT_BIOS] = "bios",
	[BOOT_UEFI] = "uefi",
	[BOOT_DIRECT] = "direct",
	[BOOT_PVH] = "pvh",
};

bool boot_path_has_kernel(enum boot_path path)
{
	return path == BOOT_DIRECT || path == BOOT_PVH;
}

unsigned boot_paths_of(const struct platform *platform, unsigned firmware)
{
	unsigned lacking =
		(firmware & FIRMWARE_BIOS ? 0 : BY_BIOS) | (firmware & FIRMWARE_UEFI ? 0 : BY_UEFI);

	return platform->paths & ~lacking;
}

/* Unless it says by which: what can load a kernel as a PC does can take it as an ELF file, too. */
static unsigned machine_paths(const struct platform *platform, const struct test_machine *hardware)
{
	if (hardware->paths)
		return hardware->paths;
	return platform->paths & BY_DIRECT ? platform->paths | BY_PVH : platform->paths;
}

static const char *qemu_name(
	const struct test_machine *hardware, const struct architecture *architecture)
{
	return hardware->machine ? hardware->machine : *architecture->emulator_machines;
}

bool boot_machine_at(const struct platform *platform, const struct architecture *architecture,
	size_t index, struct boot_machine *ret_machine)
{
	const struct test_machine *hardware = platform->machines;

	for (; hardware && hardware->disk; hardware++) {
		const char *const own[] = {hardware->name, NULL};
		const char *const *name = *own ? own : architecture->emulator_machines;
		for (; *name; name++) {
			if (index--)
				continue;
			*ret_machine = (struct boot_machine){*name,
				*own ? qemu_name(hardware, architecture) : *name,
				machine_paths(platform, hardware), hardware};
			return true;
		}
	}
	return false;
}

bool boot_machine_usual(const struct platform *platform, const struct architecture *architecture,
	enum boot_path path, struct boot_machine *ret_machine)
{
	for (size_t i = 0; boot_machine_at(platform, architecture, i, ret_machine); i++)
		if (ret_machine->paths & 1u << path)
			return true;
	return false;
}

/* An MBR whose boot sector does something. */
static bool has_boot_code(struct disk *disk)
{
	struct error ignored = {0};
	uint8_t code = 0;

	if (disk_read(disk, 0, &code, sizeof(code), &ignored))
		error_release(&ignored);
	return code;
}

/* What the partition table offers to the firmware; an image without a table offers nothing. */
static unsigned find_firmware(struct disk *disk)
{
	struct partition_table table = {0};
	struct error ignored = {0};
	unsigned firmware = 0;

	if (partition_read(disk, &table, &ignored)) {
		error_release(&ignored);
		return 0;
	}
	if (table.scheme == SCHEME_MBR && has_boot_code(disk))
		firmware |= FIRMWARE_BIOS;
	for (size_t i = 0; i < table.count; i++) {
		if (is_type(&table.items[i], &partition_type_bios_boot))
			firmware |= FIRMWARE_BIOS;
		if (partition_is_esp(&table, &table.items[i]))
			firmware |= FIRMWARE_UEFI;
	}
	partition_table_release(&table);
	return firmware;
}

int boot_paths_find(
	const char *image, const struct platform *platform, unsigned *ret_paths, struct error *err)
{
	cleanup_disk struct disk *disk = NULL;
	cleanup_ext4 struct ext4 *root = NULL;
	struct slice slice;

	if (boot_takes_archives(platform)) {
		*ret_paths = platform->paths;
		return 0;
	}
	if (disk_open(image, false, &disk, err))
		return -1;
	unsigned paths = boot_paths_of(platform, find_firmware(disk));
	/* A read-only root boots from the ESP, which has the kernel, too. */
	if (!image_find_squashfs(disk, &slice)) {
		if (image_find_root(disk, &slice, err) || ext4_open(&slice, false, &root, err))
			return error_wrap(err, "%s", image);
		if (boot_needs_kernel(platform) && !ext4_exists(root, KERNEL_FILES_CONFIG))
			paths &= ~(BY_DIRECT | BY_PVH);
	}
	if (!paths)
		return error_set(err, STATUS_FAILED,
			"%s: nothing to boot: no BIOS boot partition, no EFI system partition, "
			"no " KERNEL_FILES_CONFIG,
			image);
	*ret_paths = paths;
	return 0;
}
