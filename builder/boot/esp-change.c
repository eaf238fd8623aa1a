#include "esp-change.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/size.h"
#include "image/fat.h"
#include "image/image.h"
#include "image/uki.h"

enum { FILE_LIMIT = 512 * MIB, SERIAL_OFFSET = 67 };

/* GRUB's command is a line that begins with "linux". */
static int change_grub(struct buffer *content, const char *words, struct error *err)
{
	struct buffer changed = {0};

	(void)err;
	buffer_text(&changed, "");
	for (char *rest = content->data, *line; (line = strsep(&rest, "\n"));)
		if (*line)
			buffer_printf(&changed, "%s%s%s\n", line,
				text_starts(line, "linux ") ? " " : "",
				text_starts(line, "linux ") ? words : "");
	buffer_release(content);
	*content = changed;
	return 0;
}

static int change_program(struct buffer *content, const char *words, struct error *err)
{
	uint64_t offset, length;

	if (!uki_find(content, ".cmdline", &offset, &length))
		return error_set(err, STATUS_FAILED, "a program without a command line");
	cleanup_free char *line = xasprintf("%.*s %s", (int)strnlen(content->data + offset, length),
		content->data + offset, words);
	return uki_replace(content, &(struct uki_section){".cmdline", line, strlen(line)}, err);
}

/* What there may be on the ESP of an image of ours. */
static const struct {
	const char *path;
	int (*change)(struct buffer *content, const char *words, struct error *err);
} known[] = {
	{"grub/grub.cfg", change_grub},
	{"vmlinuz", NULL},
	{"initrd.img", NULL},
	{"EFI/BOOT/BOOTX64.EFI", change_program},
	{"EFI/BOOT/BOOTIA32.EFI", change_program},
	{"EFI/BOOT/BOOTAA64.EFI", change_program},
	{"EFI/BOOT/BOOTARM.EFI", change_program},
	{"EFI/BOOT/BOOTRISCV64.EFI", change_program},
};

static int copy_file(const struct slice *esp, size_t index, const char *words, const char *tree,
	struct error *err)
{
	cleanup_free char *path = xasprintf("%s/%s", tree, known[index].path);
	cleanup_free char *folder = xstrndup(path, strrchr(path, '/') - path);
	cleanup_buffer struct buffer content = {0};
	struct error absent = {0};

	if (fat_read_file(esp, known[index].path, FILE_LIMIT, &content, &absent)) {
		error_release(&absent);
		return 0;
	}
	if (known[index].change && known[index].change(&content, words, err))
		return error_wrap(err, "%s", known[index].path);
	return directory_make(AT_FDCWD, folder, err) ||
			       file_write(AT_FDCWD, path, content.data, content.length, 0644, err)
		       ? -1
		       : 0;
}

/* The serial number, by which GRUB looks for it, stays. */
static int write_again(
	const struct slice *esp, const char *tree_path, const char *work, struct error *err)
{
	struct filesystem_options options = {.label = "ESP", .work = work};
	cleanup_fd int tree = open(tree_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	uint8_t serial[4];

	if (tree < 0)
		return error_errno(err, errno, "%s", tree_path);
	if (slice_read(esp, SERIAL_OFFSET, serial, sizeof(serial), err) ||
		slice_zero(esp, 0, esp->length, err))
		return -1;
	for (size_t i = 0; i < sizeof(serial); i++)
		options.uuid.bytes[i] = serial[sizeof(serial) - 1 - i];
	return filesystem_vfat.write(esp, tree, &options, err);
}

int esp_add_words(struct disk *disk, const char *words, const char *work, struct error *err)
{
	cleanup_work struct work_directory tree = {0};
	struct slice esp;

	if (image_find_esp(disk, &esp, err) || work_directory_make(work, "esp", &tree, err))
		return -1;
	for (size_t i = 0; i < array_count(known); i++)
		if (copy_file(&esp, i, words, tree.path, err))
			return -1;
	return write_again(&esp, tree.path, work, err);
}
