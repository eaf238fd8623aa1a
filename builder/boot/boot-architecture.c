/* The architecture of an image, by a program in it. */
#include "base/cleanup.h"
#include "base/size.h"
#include "boot.h"
#include "image/ext4.h"
#include "image/image.h"

enum { PROGRAM_LIMIT = 64 * MIB };

/* One of them is in every root that jeos makes. */
static const char *const programs[] = {"/usr/bin/dpkg", "/usr/lib/systemd/systemd",
	"/lib/systemd/systemd", "/usr/bin/busybox", "/bin/busybox"};

static const struct architecture *of_root(struct ext4 *root)
{
	for (size_t i = 0; i < array_count(programs); i++) {
		cleanup_buffer struct buffer program = {0};
		cleanup(error_release) struct error ignored = {0};
		if (ext4_exists(root, programs[i]) &&
			!ext4_read_file(root, programs[i], PROGRAM_LIMIT, &program, &ignored))
			return architecture_of_program(program.data, program.length);
	}
	return NULL;
}

const struct architecture *boot_architecture_find(const char *image)
{
	cleanup_disk struct disk *disk = NULL;
	cleanup_ext4 struct ext4 *root = NULL;
	cleanup(error_release) struct error ignored = {0};
	struct slice slice;

	if (disk_open(image, false, &disk, &ignored) || image_find_root(disk, &slice, &ignored) ||
		ext4_open(&slice, false, &root, &ignored))
		return NULL;
	return of_root(root);
}
