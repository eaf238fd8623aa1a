#include "kernel-files.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/size.h"
#include "image/ext4.h"
#include "image/image.h"

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
		if (kernel && entry.kernel)
			break;
		if (kernel) {
			entry.kernel = xstrdup(strsep(&kernel, " \t"));
			entry.command_line = xstrdup(kernel ? kernel : "");
		}
		if (initrd && entry.kernel && !entry.initrd)
			entry.initrd = xstrdup(strsep(&initrd, " \t"));
	}
	if (entry.kernel)
		*ret_entry = entry;
	return entry.kernel;
}

void grub_entry_release(struct grub_entry *entry)
{
	free(entry->kernel);
	free(entry->initrd);
	free(entry->command_line);
	*entry = (struct grub_entry){0};
}

static int read_files(struct ext4 *root, const struct grub_entry *entry, struct kernel_files *files,
	struct error *err)
{
	if (ext4_read_file(root, entry->kernel, KERNEL_LIMIT, &files->kernel, err))
		return -1;
	if (entry->initrd && ext4_read_file(root, entry->initrd, KERNEL_LIMIT, &files->initrd, err))
		return -1;
	files->command_line = xstrdup(entry->command_line);
	return 0;
}

static int read_from_root(struct ext4 *root, struct kernel_files *files, struct error *err)
{
	cleanup_buffer struct buffer config = {0};
	cleanup(grub_entry_release) struct grub_entry entry = {0};

	if (ext4_read_file(root, KERNEL_FILES_CONFIG, CONFIG_LIMIT, &config, err))
		return -1;
	if (!grub_entry_parse(config.data, &entry))
		return error_set(err, STATUS_FAILED, KERNEL_FILES_CONFIG ": it loads no kernel");
	return read_files(root, &entry, files, err);
}

int kernel_files_read(const char *image, struct kernel_files *ret_files, struct error *err)
{
	cleanup_disk struct disk *disk = NULL;
	cleanup_ext4 struct ext4 *root = NULL;
	cleanup_kernel_files struct kernel_files files = {0};
	struct slice slice;

	if (disk_open(image, false, &disk, err) || image_find_root(disk, &slice, err) ||
		ext4_open(&slice, false, &root, err) || read_from_root(root, &files, err))
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
