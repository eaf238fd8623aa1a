#include "boot-files.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "archive/deb.h"
#include "base/cleanup.h"
#include "base/inside.h"
#include "base/size.h"
#include "image/uki.h"

#define KERNEL      "boot/vmlinuz"
#define INITRAMFS   "boot/initrd.img"
#define GRUB_CONFIG "boot/grub/grub.cfg"

enum { FILE_MAX = 512 * MIB, PROGRAM_MAX = 4 * MIB };

int boot_files_choose(struct package_index *index, struct arena *arena, struct package *ret_package,
	struct error *err)
{
	/* Where older suites have it. */
	if (!package_index_find(index, "systemd-boot-efi", arena, ret_package, err))
		return 0;
	error_release(err);
	return package_index_find(index, "systemd", arena, ret_package, err)
		       ? error_wrap(err, "booting by UEFI")
		       : 0;
}

/* Looks for one file of a package. */
struct search {
	const char *name;
	struct buffer content; /* empty: not there */
};

static int take(void *context, struct archive *tar, struct archive_entry *entry, const char *path,
	struct error *err)
{
	struct search *search = context;
	const char *name = strrchr(path, '/');
	int64_t size = archive_entry_size(entry);

	if (!name || strcmp(name + 1, search->name) || archive_entry_filetype(entry) != AE_IFREG ||
		size <= 0 || size > PROGRAM_MAX)
		return 0;
	cleanup_free char *block = xmalloc(size);
	if (archive_read_data(tar, block, size) != size)
		return error_set(err, STATUS_ARCHIVE, "%s: %s", path, archive_error_string(tar));
	search->content.length = 0;
	buffer_append(&search->content, block, size);
	return 0;
}

static int read_program(const struct boot_files *files, struct buffer *program, struct error *err)
{
	cleanup_free char *path = store_package_path(files->store, files->uefi->sha256);
	struct search search = {.name = files->architecture->uefi_program};
	const struct deb_reader reader = {
		.limit = deb_limit(files->uefi->size, files->uefi->installed_size),
		.visit = take,
		.context = &search,
	};
	int result = deb_read(path, DEB_DATA, &reader, err);

	if (!result && !search.content.length)
		result = error_set(err, STATUS_ARCHIVE, "no %s in it", search.name);
	*program = search.content;
	return result ? error_wrap(err, "%s", files->uefi->name) : 0;
}

/* The parts of a program for UEFI. */
struct parts {
	struct buffer program, release, kernel, initramfs;
};

static void parts_release(struct parts *parts)
{
	buffer_release(&parts->program);
	buffer_release(&parts->release);
	buffer_release(&parts->kernel);
	buffer_release(&parts->initramfs);
}

static int read_kernel(
	int root, struct buffer *ret_kernel, struct buffer *ret_initramfs, struct error *err)
{
	if (inside_read(root, KERNEL, FILE_MAX, ret_kernel, err))
		return -1;
	return inside_exists(root, INITRAMFS)
		       ? inside_read(root, INITRAMFS, FILE_MAX, ret_initramfs, err)
		       : 0;
}

static int read_parts(
	const struct boot_files *files, int root, struct parts *parts, struct error *err)
{
	if (read_program(files, &parts->program, err) ||
		read_kernel(root, &parts->kernel, &parts->initramfs, err))
		return -1;
	return inside_exists(root, "etc/os-release")
		       ? inside_read(root, "etc/os-release", MIB, &parts->release, err)
		       : 0;
}

static int make_program(
	const struct boot_files *files, int root, struct buffer *ret_program, struct error *err)
{
	cleanup(parts_release) struct parts parts = {0};

	if (read_parts(files, root, &parts, err))
		return -1;
	const struct uki_section sections[] = {
		{".osrel", parts.release.data, parts.release.length},
		{".cmdline", files->command_line, strlen(files->command_line)},
		{".linux", parts.kernel.data, parts.kernel.length},
		{".initrd", parts.initramfs.data, parts.initramfs.length},
	};
	size_t count = array_count(sections) - !parts.initramfs.length;
	return uki_make(&parts.program, sections, count, ret_program, err);
}

/* A part of the program as GRUB reads it, by sectors: "(uki)8+2048"; owned by the caller. */
static char *grub_name(const struct buffer *program, const char *section)
{
	uint64_t offset, length;

	if (!uki_find(program, section, &offset, &length))
		return NULL;
	return xasprintf("(uki)%llu+%llu", (unsigned long long)offset / UKI_ALIGN,
		(unsigned long long)divide_up(length, UKI_ALIGN));
}

static int write_grub(
	const struct boot_files *files, int root, const struct buffer *program, struct error *err)
{
	cleanup_free char *kernel = program ? grub_name(program, ".linux") : xstrdup("/" KERNEL);
	cleanup_free char *initramfs = program ? grub_name(program, ".initrd")
				       : inside_exists(root, INITRAMFS) ? xstrdup("/" INITRAMFS)
									: NULL;
	cleanup_buffer struct buffer config = {0};

	buffer_text(&config, "serial --unit=0 --speed=115200\n"
			     "terminal_input console serial\n"
			     "terminal_output console serial\n");
	if (program)
		buffer_printf(&config,
			"search.fs_uuid %s esp\n"
			"loopback uki ($esp)/EFI/BOOT/%s\n",
			files->esp, files->architecture->uefi_file);
	buffer_printf(&config, "linux %s %s\n", kernel, files->command_line);
	if (initramfs)
		buffer_printf(&config, "initrd %s\n", initramfs);
	buffer_text(&config, "boot\n");
	return inside_write(root, GRUB_CONFIG, config.data, 0644, err);
}

static int remove_file(int root, const char *path, struct error *err)
{
	cleanup_fd int directory = -1;
	const char *name;

	if (inside_parent(root, path, &directory, &name, err))
		return -1;
	if (unlinkat(directory, name, 0) && errno != ENOENT)
		return error_errno(err, errno, "%s: removing", path);
	return 0;
}

int boot_files_make(const struct boot_files *files, const char *root_path,
	struct buffer *ret_program, struct error *err)
{
	cleanup_buffer struct buffer program = {0};
	cleanup_fd int root = -1;

	if (inside_open_root(root_path, &root, err))
		return -1;
	if (!files->uefi->name)
		return write_grub(files, root, NULL, err);
	if (make_program(files, root, &program, err) || write_grub(files, root, &program, err) ||
		remove_file(root, KERNEL, err) || remove_file(root, INITRAMFS, err))
		return -1;
	*ret_program = program;
	program = (struct buffer){0};
	return 0;
}

int boot_files_read(const char *root_path, struct buffer *ret_kernel, struct buffer *ret_initramfs,
	struct error *err)
{
	cleanup_fd int root = -1;

	if (inside_open_root(root_path, &root, err))
		return -1;
	return read_kernel(root, ret_kernel, ret_initramfs, err);
}
