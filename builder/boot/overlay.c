#include "overlay.h"

#include <limits.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "esp-change.h"
#include "image/ext4.h"
#include "image/image.h"
#include "image/partition.h"
#include "loader.h"
#include "machine.h"
#include "plant.h"

static bool ext4_has(void *root, const char *path)
{
	return ext4_exists(root, path);
}

static int ext4_read(
	void *root, const char *path, size_t limit, struct buffer *ret_content, struct error *err)
{
	return ext4_read_file(root, path, limit, ret_content, err);
}

static int ext4_write(void *root, const char *path, const void *data, size_t length, mode_t mode,
	struct error *err)
{
	return ext4_write_file(root, path, data, length, mode, err);
}

static int ext4_link(void *root, const char *path, const char *target, struct error *err)
{
	return ext4_symlink(root, path, target, err);
}

static const struct plant_root in_ext4 = {ext4_has, ext4_read, ext4_write, ext4_link};

/* A read-only root stays as it is: its guest fetches the agent, see loader.h. */
static int change_esp(const struct boot_options *options, struct disk *disk,
	const char *agent_device, struct error *err)
{
	if (!agent_device || boot_path_has_kernel(options->path))
		return 0;
	cleanup_free char *words = loader_words(agent_device);
	return esp_add_words(disk, words, options->work, err);
}

static int change_root(
	struct disk *disk, const char *agent_device, struct slice *ret_root, struct error *err)
{
	cleanup_ext4 struct ext4 *root = NULL;

	if (image_find_root(disk, ret_root, err))
		return -1;
	if (!agent_device)
		return 0;
	if (ext4_open(ret_root, true, &root, err) || plant_agent(&in_ext4, root, agent_device, err))
		return -1;
	return ext4_close(steal_pointer(&root), err);
}

/* The partition that begins there. */
static int number_root(struct disk *disk, uint64_t start, unsigned *ret_number, struct error *err)
{
	struct partition_table table = {0};

	*ret_number = 0;
	if (!start)
		return 0;
	if (partition_read(disk, &table, err))
		return -1;
	for (size_t i = 0; i < table.count; i++)
		if (table.items[i].start == start)
			*ret_number = table.items[i].number;
	partition_table_release(&table);
	return 0;
}

/* A disk that can only be as large as the one below it goes over a larger copy. */
static int enlarge(
	struct disk **disk, char **name, uint64_t size, const char *path, struct error *err)
{
	const struct disk_options wanted = {.path = path, .size = size};
	cleanup_disk struct disk *larger = NULL;

	if (disk_create(&disk_raw, &wanted, &larger, err) || disk_copy(*disk, larger, err) ||
		disk_finish(larger, err))
		return -1;
	disk_free(*disk);
	free(*name);
	*disk = steal_pointer(&larger);
	*name = realpath(path, NULL);
	return 0;
}

int overlay_make(const struct boot_options *options, uint64_t size, const char *agent_device,
	const char *path, struct overlay *ret_overlay, struct error *err)
{
	const struct disk_driver *driver = machine_driver_of(options->machine.hardware)->overlay;
	cleanup_free char *image = realpath(options->image, NULL);
	cleanup_free char *copy = xasprintf("%s.below", path);
	cleanup_disk struct disk *artefact = NULL, *disk = NULL;
	struct slice root = {0};

	if (disk_open(options->image, false, &artefact, err))
		return -1;
	if (driver == &disk_cow && size > artefact->size &&
		enlarge(&artefact, &image, size, copy, err))
		return error_wrap(err, "%s: a larger copy", options->image);
	struct disk_options wanted = {
		.path = path,
		.size = size > artefact->size ? size : artefact->size,
		.backing = artefact,
		.backing_name = image,
	};
	bool read_only = image_find_squashfs(artefact, &root);
	if (disk_create(driver, &wanted, &disk, err) ||
		(read_only ? change_esp(options, disk, agent_device, err)
			   : change_root(disk, agent_device, &root, err)))
		return error_wrap(err, "%s: the throw-away copy of it", options->image);
	struct overlay overlay = {wanted.size, root.start, 0, read_only};
	if (disk_finish(disk, err) || number_root(artefact, root.start, &overlay.root_number, err))
		return -1;
	*ret_overlay = overlay;
	return 0;
}
