/* Any file is opened as an image and read. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/size.h"
#include "image/disk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t content[MIB];
	cleanup_disk struct disk *disk = NULL;
	cleanup_fd int fd = memfd_create("image", MFD_CLOEXEC);
	cleanup_free char *path = xasprintf("/proc/self/fd/%d", fd);
	struct error err = {0};
	uint64_t run;

	if (!file_write_all(fd, data, size, &err) && !disk_open(path, false, &disk, &err)) {
		uint64_t length = disk->size < MIB ? disk->size : MIB;
		if (!disk_read(disk, 0, content, length, &err) &&
			!disk_read(disk, disk->size - length, content, length, &err) && length)
			disk_has_data(disk, 0, disk->size, &run);
	}
	error_release(&err);
	return 0;
}
