#include "cpio.h"

#include <string.h>
#include <sys/sysmacros.h>

/* Names and contents end on multiples of four. */
static void pad(struct buffer *archive)
{
	buffer_append(archive, "\0\0\0", -archive->length & 3);
}

static void add(struct cpio *cpio, const char *path, mode_t mode, dev_t device, size_t length)
{
	/* c_ino c_mode c_uid c_gid c_nlink c_mtime c_filesize c_devmajor c_devminor c_rdevmajor
	 * c_rdevminor c_namesize c_check, each eight hexadecimal digits. */
	unsigned fields[] = {++cpio->entries, mode, 0, 0, 1, 0, length, 0, 0, major(device),
		minor(device), strlen(path) + 1, 0};

	buffer_text(&cpio->archive, "070701");
	for (size_t i = 0; i < array_count(fields); i++)
		buffer_printf(&cpio->archive, "%08X", fields[i]);
	buffer_append(&cpio->archive, path, strlen(path) + 1);
	pad(&cpio->archive);
}

void cpio_add(struct cpio *cpio, const char *path, mode_t mode, const void *data, size_t length)
{
	add(cpio, path, mode, 0, length);
	buffer_append(&cpio->archive, data, length);
	pad(&cpio->archive);
}

void cpio_add_device(struct cpio *cpio, const char *path, mode_t mode, dev_t device)
{
	add(cpio, path, mode, device, 0);
}

void cpio_finish(struct cpio *cpio)
{
	cpio->entries = -1u; /* the trailer's inode is 0 */
	add(cpio, "TRAILER!!!", 0, 0, 0);
}

void cpio_release(struct cpio *cpio)
{
	buffer_release(&cpio->archive);
}
