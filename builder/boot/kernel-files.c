#include "kernel-files.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/size.h"
#include "image/ext4.h"
#include "image/fat.h"
#include "image/image.h"
#include "image/uki.h"
#include "image/vmlinux.h"

enum { CONFIG_LIMIT = 1024 * 1024, KERNEL_LIMIT = 512 * 1024 * 1024 };

/* The rest of a line behind its first word, if that is `word`. */
static char *after_word(char *line, const char *word)
{
	static const char blank[] = " \t";
	size_t length = strlen(word);

	line += strspn(line, blank);
	if (!text_starts(line, word) || !line[length] || !strchr(blank, line[length]))
		return NULL;
	return line + length + strspn(line + length, blank);
}

bool grub_entry_parse(const char *config, struct grub_entry *ret_entry)
{
	cleanup_free char *copy = xstrdup(config);
	struct grub_entry entry = {0};

	for (char *rest = copy, *line; (line = strsep(&rest, "\n"));) {
		char *kernel = after_word(line, "linux"), *initrd = after_word(line, "initrd");
		const char *loopback = after_word(line, "loopback");
		if (loopback && !entry.program && strchr(loopback, ')'))
			entry.program = xstrdup(strchr(loopback, ')') + 1);
		if (kernel && entry.kernel)
			break;
		if (kernel) {
			entry.kernel = xstrdup(strsep(&kernel, " \t"));
			entry.command_line = xstrdup(kernel ? kernel : "");
		}
		if (initrd && entry.kernel && !entry.initrd)
			entry.initrd = xstrdup(strsep(&initrd, " \t"));
	}
	if (!entry.kernel) {
		grub_entry_release(&entry);
		return false;
	}
	*ret_entry = entry;
	return true;
}

void grub_entry_release(struct grub_entry *entry)
{
	free(entry->program);
	free(entry->kernel);
	free(entry->initrd);
	free(entry->command_line);
	*entry = (struct grub_entry){0};
}

/* Where an entry's files are. */
struct sources {
	struct disk *disk;
	struct ext4 *root;     /* NULL: it is read-only, and boots from the ESP */
	struct buffer program; /* content of the entry's program */
};

static void sources_release(struct sources *sources)
{
	buffer_release(&sources->program);
	ext4_cleanup(&sources->root);
	disk_free(sources->disk);
}

/* The piece of the program that GRUB would read for "(uki)SECTOR+SECTORS". */
static int read_piece(
	const struct buffer *program, const char *name, struct buffer *content, struct error *err)
{
	uint64_t start, count, sectors = program->length / UKI_ALIGN;

	if (sscanf(name, "(uki)%" SCNu64 "+%" SCNu64, &start, &count) != 2 || start > sectors ||
		count > sectors - start)
		return error_set(err, STATUS_FAILED, KERNEL_FILES_CONFIG ": %s is not there", name);
	buffer_append(content, program->data + start * UKI_ALIGN, count * UKI_ALIGN);
	return 0;
}

/* A file of the root, or of a read-only one's ESP. */
static int read_file(const struct sources *sources, const char *path, size_t limit,
	struct buffer *content, struct error *err)
{
	struct slice esp;

	if (sources->root)
		return ext4_read_file(sources->root, path, limit, content, err);
	if (image_find_esp(sources->disk, &esp, err))
		return -1;
	return fat_read_file(&esp, path + strspn(path, "/"), limit, content, err);
}

static int read_one(
	const struct sources *sources, const char *name, struct buffer *content, struct error *err)
{
	if (*name == '(')
		return read_piece(&sources->program, name, content, err);
	return read_file(sources, name, KERNEL_LIMIT, content, err);
}

static int read_program(struct sources *sources, const char *path, struct error *err)
{
	struct slice esp;

	if (image_find_esp(sources->disk, &esp, err))
		return -1;
	return fat_read_file(&esp, path + strspn(path, "/"), KERNEL_LIMIT, &sources->program, err);
}

static int read_entry(struct sources *sources, struct kernel_files *files, struct error *err)
{
	cleanup_buffer struct buffer config = {0};
	cleanup(grub_entry_release) struct grub_entry entry = {0};

	if (read_file(sources, sources->root ? KERNEL_FILES_CONFIG : KERNEL_FILES_ESP_CONFIG,
		    CONFIG_LIMIT, &config, err))
		return -1;
	if (!grub_entry_parse(config.data, &entry))
		return error_set(err, STATUS_FAILED, KERNEL_FILES_CONFIG ": it loads no kernel");
	if ((entry.program && read_program(sources, entry.program, err)) ||
		read_one(sources, entry.kernel, &files->kernel, err) ||
		(entry.initrd && read_one(sources, entry.initrd, &files->initrd, err)))
		return -1;
	files->command_line = steal_pointer(&entry.command_line);
	return 0;
}

static int open_root(struct sources *sources, struct error *err)
{
	struct slice slice;

	if (image_find_squashfs(sources->disk, &slice))
		return 0;
	return image_find_root(sources->disk, &slice, err) ||
			       ext4_open(&slice, false, &sources->root, err)
		       ? -1
		       : 0;
}

/* The kernel by its PVH entry. */
static int unpack_elf(struct kernel_files *files, struct error *err)
{
	cleanup_buffer struct buffer elf = {0};

	if (vmlinux_extract(&files->kernel, &elf, err))
		return -1;
	if (!vmlinux_has_pvh(&elf))
		return error_set(err, STATUS_FAILED, "no PVH entry (CONFIG_PVH)");
	buffer_release(&files->kernel);
	files->kernel = elf;
	elf = (struct buffer){0};
	return 0;
}

int kernel_files_exist(const char *image, bool *ret_exist, struct error *err)
{
	cleanup(sources_release) struct sources sources = {0};
	struct slice slice;

	if (disk_open(image, false, &sources.disk, err) ||
		image_find_root(sources.disk, &slice, err) ||
		ext4_open(&slice, false, &sources.root, err))
		return error_wrap(err, "%s", image);
	*ret_exist = ext4_exists(sources.root, KERNEL_FILES_CONFIG);
	return 0;
}

int kernel_files_read(
	const char *image, bool elf, struct kernel_files *ret_files, struct error *err)
{
	cleanup(sources_release) struct sources sources = {0};
	cleanup_kernel_files struct kernel_files files = {0};

	if (disk_open(image, false, &sources.disk, err) || open_root(&sources, err) ||
		read_entry(&sources, &files, err) || (elf && unpack_elf(&files, err)))
		return error_wrap(err, "%s: its kernel", image);
	*ret_files = files;
	files = (struct kernel_files){0};
	return 0;
}

void kernel_files_release(struct kernel_files *files)
{
	buffer_release(&files->kernel);
	buffer_release(&files->initrd);
	free(files->command_line);
	*files = (struct kernel_files){0};
}
