#include "filesystem.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "scratch.h"
#include "test.h"

const uint64_t test_epoch = 1700000000;

struct filesystem_options test_options(const char *work)
{
	return (struct filesystem_options){
		.uuid = uuid_derive("test", "filesystem"),
		.label = "TEST",
		.epoch = test_epoch,
		.work = work,
	};
}

int write_image(const struct filesystem *filesystem, const char *tree, const char *image,
	uint64_t size, struct error *err)
{
	cleanup_fd int fd = tree ? open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	const struct disk_options disk_options = {.path = image, .size = size};
	const struct filesystem_options options = test_options(".");
	cleanup_disk struct disk *disk = NULL;

	unlink(image);
	assert_true(!tree || fd >= 0);
	assert_ok(disk_create(&disk_raw, &disk_options, &disk, err), err);
	const struct slice slice = {disk, 0, size};
	if (filesystem->write(&slice, fd, &options, err))
		return -1;
	return disk_finish(disk, err);
}

void assert_e2fsck_clean(const char *image)
{
	free(run_program("e2fsck", "-fn", image, NULL));
}

char *debugfs(const char *image, const char *request)
{
	return run_program("debugfs", "-R", request, image, NULL);
}
