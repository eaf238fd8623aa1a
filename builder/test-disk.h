/* The disks out of images that are an archive around one, such as Google's: what is booted of them,
 * beside their logs, until the tests are over. */
#pragma once

#include "base/file.h"
#include "base/memory.h"

/* Zero-initialized is empty. */
struct test_disks {
	struct arena arena;
	vector(struct work_directory) items;
};

/* The disk to boot of an image, as long as `disks` is there: itself if it is no such archive, by
 * its name. `directory` exists. */
int test_disk_take(const char *image, const char *directory, struct test_disks *disks,
	const char **ret_disk, struct error *err);
void test_disks_release(struct test_disks *disks);
