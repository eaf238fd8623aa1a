#include "test-disk.h"

#include "base/cleanup.h"
#include "image/bundle.h"
#include "image/format.h"
#include "image/image-source.h"

static int copy_raw(struct disk *from, const char *path, struct error *err)
{
	const struct disk_options wanted = {.path = path, .size = from->size};
	cleanup_disk struct disk *to = NULL;

	return disk_create(&disk_raw, &wanted, &to, err) || disk_copy(from, to, err) ||
			       disk_finish(to, err)
		       ? -1
		       : 0;
}

int test_disk_take(const char *image, const char *directory, struct test_disks *disks,
	const char **ret_disk, struct error *err)
{
	cleanup_image_source struct image_source source = {0};
	struct work_directory work;
	struct format format;

	*ret_disk = image;
	if (!format_of_file(image, &format) || !format.bundle || !format.bundle->holds_disk)
		return 0;
	if (image_source_open(image, &source, err))
		return -1;
	if (!source.disk)
		return error_set(err, STATUS_FAILED, "%s: there is no disk in it", image);
	if (work_directory_make(directory, "disk", &work, err))
		return -1;
	vector_push(&disks->items, work);
	const char *path = arena_printf(&disks->arena, "%s/disk.img", work.path);
	if (copy_raw(source.disk, path, err))
		return error_wrap(err, "%s: taking out its disk", image);
	*ret_disk = path;
	return 0;
}

void test_disks_release(struct test_disks *disks)
{
	vector_for_each (work, &disks->items)
		work_directory_release(work);
	vector_release(&disks->items);
	arena_release(&disks->arena);
}
