#include "initramfs.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <zstd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/size.h"
#include "cpio.h"
#include "image/uncompress.h"

enum { COMPRESSION_LEVEL = 15, FILE_MAX = 64 * MIB };

static const char *const directories[] = {"bin", "dev", "modules", "new", "proc", "sys"};
/* What init.sh uses of busybox, which acts by the name it is called. */
static const char *const applets[] = {
	"findfs", "hexdump", "insmod", "mount", "sh", "sleep", "switch_root"};

static int add_busybox(struct cpio *cpio, const char *busybox, struct error *err)
{
	cleanup_buffer struct buffer program = {0};

	if (file_read(AT_FDCWD, busybox, FILE_MAX, &program, err))
		return -1;
	cpio_add(cpio, "bin/busybox", S_IFREG | 0755, program.data, program.length);
	for (size_t i = 0; i < array_count(applets); i++) {
		cleanup_free char *path = xasprintf("bin/%s", applets[i]);
		cpio_add(cpio, path, S_IFLNK | 0777, "busybox", strlen("busybox"));
	}
	return 0;
}

/* Whether a list of words, as in modules.dep, has that one. */
static bool has_word(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = list; (at = strstr(at, word)); at++)
		if ((at == list || at[-1] == ' ') && (!at[length] || at[length] == ' '))
			return true;
	return false;
}

/* A module, and those before it without which it cannot be loaded. */
static void add_line(struct buffer *order, const struct module_order *modules, size_t index)
{
	const struct module *module = modules->items[index];

	buffer_printf(order, "%s.ko", module->name);
	for (size_t i = 0; i < index; i++)
		if (has_word(module->needs, modules->items[i]->path))
			buffer_printf(order, " %s.ko", modules->items[i]->name);
	buffer_text(order, "\n");
}

/* Uncompressed, for busybox does not uncompress what it loads; the whole is compressed anyway. */
static int add_modules(struct cpio *cpio, const struct initramfs *initramfs, struct error *err)
{
	cleanup_buffer struct buffer order = {0};

	buffer_text(&order, "");
	for (size_t i = 0; i < initramfs->order->count; i++) {
		const struct module *module = initramfs->order->items[i];
		cleanup_buffer struct buffer content = {0};
		cleanup_free char *path = xasprintf("modules/%s.ko", module->name);
		if (uncompress_file(
			    initramfs->modules_directory, module->path, FILE_MAX, &content, err))
			return -1;
		cpio_add(cpio, path, S_IFREG | 0644, content.data, content.length);
		add_line(&order, initramfs->order, i);
	}
	cpio_add(cpio, "modules/order", S_IFREG | 0644, order.data, order.length);
	return 0;
}

static int compress(const struct buffer *data, struct buffer *ret_image, struct error *err)
{
	size_t room = ZSTD_compressBound(data->length);
	char *image = xmalloc(room);
	size_t length = ZSTD_compress(image, room, data->data, data->length, COMPRESSION_LEVEL);

	if (ZSTD_isError(length)) {
		free(image);
		return error_set(err, STATUS_FAILED, "initramfs: compressing: %s",
			ZSTD_getErrorName(length));
	}
	*ret_image = (struct buffer){.data = image, .length = length, .capacity = room};
	return 0;
}

int initramfs_make(const struct initramfs *initramfs, struct buffer *ret_image, struct error *err)
{
	cleanup_cpio struct cpio cpio = {0};

	for (size_t i = 0; i < array_count(directories); i++)
		cpio_add(&cpio, directories[i], S_IFDIR | 0755, NULL, 0);
	/* The kernel opens it for init before devtmpfs is mounted. */
	cpio_add_device(&cpio, "dev/console", S_IFCHR | 0600, makedev(5, 1));
	cpio_add(&cpio, "init", S_IFREG | 0755, embedded_init_sh, strlen(embedded_init_sh));
	if (add_busybox(&cpio, initramfs->busybox, err) || add_modules(&cpio, initramfs, err))
		return -1;
	cpio_finish(&cpio);
	return compress(&cpio.archive, ret_image, err);
}
