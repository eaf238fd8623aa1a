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

void boot_parts_release(struct boot_parts *parts)
{
	buffer_release(&parts->release);
	buffer_release(&parts->kernel);
	buffer_release(&parts->initramfs);
}

void boot_made_release(struct boot_made *made)
{
	buffer_release(&made->program);
	buffer_release(&made->grub);
}

static bool is_on_esp(const struct boot_files *files)
{
	return files->read_only && *files->esp;
}

/* A file that need not be there. */
static int read_if(int root, const char *path, struct buffer *content, struct error *err)
{
	return inside_exists(root, path) ? inside_read(root, path, FILE_MAX, content, err) : 0;
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

int boot_files_take(const struct boot_files *files, const char *root_path,
	struct boot_parts *ret_parts, struct error *err)
{
	struct boot_parts parts = {0};
	cleanup_fd int root = -1;
	bool stay = files->alone || (!files->uefi->name && !is_on_esp(files));

	if (inside_open_root(root_path, &root, err) ||
		inside_read(root, KERNEL, FILE_MAX, &parts.kernel, err) ||
		read_if(root, INITRAMFS, &parts.initramfs, err) ||
		read_if(root, "etc/os-release", &parts.release, err) ||
		(!stay && (remove_file(root, KERNEL, err) || remove_file(root, INITRAMFS, err)))) {
		boot_parts_release(&parts);
		return -1;
	}
	*ret_parts = parts;
	return 0;
}

static int make_program(const struct boot_files *files, const char *command_line,
	const struct boot_parts *parts, struct buffer *ret_program, struct error *err)
{
	cleanup_buffer struct buffer program = {0};

	if (read_program(files, &program, err))
		return -1;
	const struct uki_section sections[] = {
		{".osrel", parts->release.data, parts->release.length},
		{".cmdline", command_line, strlen(command_line)},
		{".linux", parts->kernel.data, parts->kernel.length},
		{".initrd", parts->initramfs.data, parts->initramfs.length},
	};
	size_t count = array_count(sections) - !parts->initramfs.length;
	return uki_make(&program, sections, count, ret_program, err);
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

/* Where GRUB finds kernel and initramfs: in the program, else in its own root. */
static void make_grub(const struct boot_files *files, const char *command_line,
	const struct boot_parts *parts, struct boot_made *made)
{
	const char *folder = is_on_esp(files) ? "" : "/boot";
	bool program = made->program.length && !files->alone;
	cleanup_free char *kernel =
		program ? grub_name(&made->program, ".linux") : xasprintf("%s/vmlinuz", folder);
	cleanup_free char *initramfs = program ? grub_name(&made->program, ".initrd")
				       : parts->initramfs.length
					       ? xasprintf("%s/initrd.img", folder)
					       : NULL;

	buffer_text(&made->grub, "serial --unit=0 --speed=115200\n"
				 "terminal_input console serial\n"
				 "terminal_output console serial\n");
	if (program)
		buffer_printf(&made->grub,
			"search.fs_uuid %s esp\n"
			"loopback uki ($esp)/EFI/BOOT/%s\n",
			files->esp, files->architecture->uefi_file);
	buffer_printf(&made->grub, "linux %s %s\n", kernel, command_line);
	if (initramfs)
		buffer_printf(&made->grub, "initrd %s\n", initramfs);
	buffer_text(&made->grub, "boot\n");
}

static void add_file(struct boot_made *made, const char *path, const struct buffer *content)
{
	if (content->length)
		made->files[made->file_count++] = (struct boot_file){path, content};
}

/* What a read-only root boots from, beside the program. */
static void fill_esp(
	const struct boot_files *files, const struct boot_parts *parts, struct boot_made *made)
{
	add_file(made, "grub/grub.cfg", &made->grub);
	if (files->uefi->name && !files->alone)
		return;
	add_file(made, "vmlinuz", &parts->kernel);
	add_file(made, "initrd.img", &parts->initramfs);
}

int boot_files_make(const struct boot_files *files, const char *root_path, const char *command_line,
	const struct boot_parts *parts, struct boot_made *made, struct error *err)
{
	cleanup_fd int root = -1;

	if (files->uefi->name && make_program(files, command_line, parts, &made->program, err))
		return -1;
	make_grub(files, command_line, parts, made);
	if (is_on_esp(files)) {
		fill_esp(files, parts, made);
		return 0;
	}
	return inside_open_root(root_path, &root, err)
		       ? -1
		       : inside_write(root, GRUB_CONFIG, made->grub.data, 0644, err);
}
