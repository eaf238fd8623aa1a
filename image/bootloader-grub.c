/*
 * BIOS boot in three steps, each loading the next:
 *
 *     MBR: boot.img (one sector) -> core.img's first sector: diskboot.img -> the rest of core.img
 *
 * The first two know their successor by its place on the disk, which is filled in here as
 * grub-setup does. Fields: GRUB 2.06, include/grub/i386/pc/boot.h and offsets.h.
 */
#include "bootloader.h"

#include <endian.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "tool.h"

enum { SECTOR = 512, IMAGE_LIMIT = 16 * 1024 * 1024 };

/* boot.img, up to what belongs to the partition table. */
struct boot_sector {
	uint8_t jump_and_parameters[0x5a];
	uint16_t kernel_address; /* little-endian */
	uint64_t kernel_sector;  /* little-endian: where core.img begins */
	uint8_t boot_drive;      /* 0xff: the one that the BIOS names */
	uint8_t unused;
	uint8_t drive_check[2]; /* a jump over the check of the BIOS's answer, or two no-ops */
	uint8_t code[0x1b8 - 0x68];
} __attribute__((packed));
_Static_assert(sizeof(struct boot_sector) == 440, "the boot code of an MBR");

/* diskboot.img: a list of what to load grows down from its end; one entry is enough here. */
struct core_sector {
	uint8_t code[0x1f4];
	uint64_t start;   /* little-endian: sector of the rest of core.img */
	uint16_t count;   /* little-endian: sectors of it */
	uint16_t segment; /* little-endian: where it is loaded to */
} __attribute__((packed));
_Static_assert(sizeof(struct core_sector) == SECTOR, "the first sector of core.img");

/* What it takes to run grub.cfg from an ext4 on a disk with a table, and to read a kernel out of a
 * file on the ESP. */
static const char *const modules[] = {"biosdisk", "part_gpt", "part_msdos", "ext2", "fat",
	"loopback", "search_fs_uuid", "configfile", "normal", "linux", "boot", "serial", "terminal",
	"echo", "test", "halt", "reboot", NULL};

/* Of a read-only root the configuration lies on the ESP. */
static int write_early_config(
	const char *path, const struct image_layout *layout, struct error *err)
{
	const struct image_partition *root = layout_find(layout, USE_ROOT);
	bool read_only = filesystem_find(root->filesystem)->read_only;
	const char *folder = read_only ? "/grub" : "/boot/grub";
	char id[UUID_TEXT];

	if (read_only)
		uuid_format_serial(&layout_find(layout, USE_ESP)->filesystem_uuid, id);
	else
		uuid_format(&root->filesystem_uuid, id);
	cleanup_free char *text = xasprintf("search.fs_uuid %s root\n"
					    "set prefix=($root)%s\n"
					    "configfile $prefix/grub.cfg\n",
		id, folder);
	return file_write_text(AT_FDCWD, path, text, 0644, err);
}

static char *platform_directory(const char *platform)
{
	return xasprintf("/usr/lib/grub/%s", platform);
}

static int make_core(
	const struct image_layout *layout, const char *work, const char *path, struct error *err)
{
	const char *platform = layout->grub_bios;
	cleanup_free char *directory = platform_directory(platform);
	cleanup_free char *config = xasprintf("%s/grub-early.cfg", work);
	const char *arguments[32] = {"grub-mkimage", "-O", platform, "-d", directory, "-c", config,
		"-p", "/boot/grub", "-o", path};
	const struct tool tool = {.package = "grub-common"};
	size_t count = 11;

	if (!file_exists(AT_FDCWD, directory))
		return error_set(err, STATUS_MISSING,
			"%s: not found; install the package grub-pc-bin", directory);
	if (write_early_config(config, layout, err))
		return -1;
	for (const char *const *module = modules; *module; module++)
		arguments[count++] = *module;
	return tool_run(&tool, arguments, err);
}

/* Reads an image, padded to whole sectors. */
static int read_sectors(const char *path, struct buffer *ret_content, struct error *err)
{
	static const char zeros[SECTOR];

	if (file_read(AT_FDCWD, path, IMAGE_LIMIT, ret_content, err))
		return -1;
	size_t over = ret_content->length % SECTOR;
	if (over)
		buffer_append(ret_content, zeros, SECTOR - over);
	if (!ret_content->length)
		return error_set(err, STATUS_FAILED, "%s: empty", path);
	return 0;
}

/* Where the core image lies: its partition, or what an MBR leaves before the first one. */
static struct slice place_of(struct disk *disk, const struct image_layout *layout)
{
	const struct image_partition *boot = layout_find(layout, USE_BIOS_BOOT);

	return boot ? (struct slice){disk, boot->start, boot->length}
		    : (struct slice){disk, SECTOR, layout->partitions->start - SECTOR};
}

static int write_core(const struct slice *place, struct buffer *core, struct error *err)
{
	struct core_sector *first = (struct core_sector *)core->data;

	if (core->length > place->length)
		return error_set(err, STATUS_FAILED,
			"GRUB's core image of %zu bytes does not fit the %llu bytes for it",
			core->length, (unsigned long long)place->length);
	first->start = htole64(place->start / SECTOR + 1);
	first->count = htole16(core->length / SECTOR - 1);
	return slice_write(place, 0, core->data, core->length, err);
}

static int write_boot_code(const struct slice *place, struct buffer *image, struct error *err)
{
	struct boot_sector *sector = (struct boot_sector *)image->data;

	sector->kernel_sector = htole64(place->start / SECTOR);
	memset(sector->drive_check, 0x90, sizeof(sector->drive_check));
	return disk_write(place->disk, 0, sector, sizeof(*sector), err);
}

int bootloader_write_bios(
	struct disk *disk, const struct image_layout *layout, const char *work, struct error *err)
{
	const struct slice place = place_of(disk, layout);
	cleanup_buffer struct buffer core = {0}, sector = {0};
	cleanup_free char *core_path = xasprintf("%s/core.img", work);
	cleanup_free char *directory = platform_directory(layout->grub_bios);
	cleanup_free char *sector_path = xasprintf("%s/boot.img", directory);

	if (make_core(layout, work, core_path, err) || read_sectors(core_path, &core, err) ||
		read_sectors(sector_path, &sector, err) || write_core(&place, &core, err))
		return -1;
	return write_boot_code(&place, &sector, err);
}
