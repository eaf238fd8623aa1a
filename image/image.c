#include "image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "bootloader.h"
#include "bundle.h"
#include "ext4.h"
#include "format.h"
#include "over-base.h"

/* An image being written. */
struct writing {
	const struct image_layout *layout;
	const struct image_contents *contents;
	const char *work;
	struct disk *disk;
};

static int write_table(const struct writing *writing, struct error *err)
{
	const struct image_layout *layout = writing->layout;
	struct partition_table table = {.scheme = layout->scheme, .id = layout->id};

	if (layout->scheme == SCHEME_NONE)
		return 0;
	for (size_t i = 0; i < layout->partition_count; i++) {
		const struct image_partition *partition = &layout->partitions[i];
		vector_push(&table, ((struct partition){
					    .type = partition->type,
					    .id = partition->id,
					    .mbr_type = layout_mbr_type(partition),
					    .active = partition->use == USE_ROOT,
					    .start = partition->start,
					    .length = partition->length,
					    .label = partition->label,
				    }));
	}
	int result = partition_write(writing->disk, &table, err);
	partition_table_release(&table);
	return result;
}

static int write_filesystem(const struct writing *writing, const struct image_partition *partition,
	int tree, struct error *err)
{
	const struct filesystem *filesystem = filesystem_find(partition->filesystem);
	const struct slice slice = {writing->disk, partition->start, partition->length};
	const struct slice base = {writing->contents->base, partition->start, partition->length};
	const struct filesystem_options options = {
		.uuid = partition->filesystem_uuid,
		.label = partition->label,
		.epoch = writing->layout->epoch,
		.work = writing->work,
		.base = slice_is_inside(&base) ? &base : NULL,
	};

	if (!filesystem)
		return error_set(
			err, STATUS_FAILED, "%s: unknown filesystem", partition->filesystem);
	return filesystem->write(&slice, tree, &options, err);
}

static int add_boot_file(
	const char *tree, const char *path, const struct buffer *content, struct error *err)
{
	cleanup_free char *file = xasprintf("%s/%s", tree, path);
	cleanup_free char *folder = xstrndup(file, strrchr(file, '/') - file);

	if (directory_make(AT_FDCWD, folder, err))
		return -1;
	return file_write(AT_FDCWD, file, content->data, content->length, 0644, err);
}

/* The tree of the ESP. */
static int make_esp(const char *path, const struct writing *writing, struct error *err)
{
	const struct image_contents *contents = writing->contents;
	const struct buffer *program = contents->uefi_program;
	cleanup_free char *file = xasprintf("EFI/BOOT/%s", writing->layout->uefi_file);

	if (program && program->length && add_boot_file(path, file, program, err))
		return -1;
	for (size_t i = 0; i < contents->boot_file_count; i++)
		if (add_boot_file(path, contents->boot_files[i].path,
			    contents->boot_files[i].content, err))
			return -1;
	return 0;
}

static int write_esp(
	const struct writing *writing, const struct image_partition *partition, struct error *err)
{
	cleanup_work struct work_directory work = {0};

	if (work_directory_make(writing->work, "esp", &work, err) ||
		make_esp(work.path, writing, err))
		return -1;
	cleanup_fd int tree = open(work.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (tree < 0)
		return error_errno(err, errno, "%s", work.path);
	return write_filesystem(writing, partition, tree, err);
}

/* The file, if there is one, that a partition is a copy of. */
static const char *copied_from(
	const struct writing *writing, const struct image_partition *partition)
{
	switch (partition->use) {
	case USE_ROOT:
		return writing->contents->root;
	case USE_VERITY:
		return writing->contents->verity;
	default:
		return NULL;
	}
}

static int write_partition(
	const struct writing *writing, const struct image_partition *partition, struct error *err)
{
	const struct slice slice = {writing->disk, partition->start, partition->length};
	const char *file = copied_from(writing, partition);

	if (file)
		return slice_copy_file(&slice, file, err)
			       ? error_wrap(err, "partition `%s`", partition->label)
			       : 0;
	if (partition->use == USE_ESP)
		return write_esp(writing, partition, err);
	if (!partition->filesystem)
		return 0;
	return write_filesystem(
		writing, partition, partition->use == USE_ROOT ? writing->contents->tree : -1, err);
}

static int write_disk(const struct writing *writing, struct error *err)
{
	const struct image_layout *layout = writing->layout;

	if (write_table(writing, err))
		return -1;
	if (layout->boot_bios && bootloader_write_bios(writing->disk, layout, writing->work, err))
		return -1;
	for (size_t i = 0; i < layout->partition_count; i++)
		if (write_partition(writing, &layout->partitions[i], err))
			return -1;
	return disk_finish(writing->disk, err);
}

int image_write_disk(const struct image_order *order, const struct disk_driver *driver,
	uint64_t base, const char *path, struct error *err)
{
	const struct image_layout *layout = order->layout;
	bool clusters = driver->abilities & DISK_HAS_CLUSTERS;
	bool compresses = driver->abilities & DISK_HAS_COMPRESSION;
	const struct disk_options options = {
		.path = path,
		.size = layout->size,
		.cluster_size = clusters ? layout->cluster_size : 0,
		.compression = compresses ? layout->compression : COMPRESSION_NONE,
		.compression_level = layout->compression_level,
		.id = layout->id,
		.epoch = layout->epoch,
		.base = base,
	};
	struct disk *below = driver->abilities & DISK_HAS_BACKING ? order->contents->base : NULL;
	struct writing writing = {
		.layout = layout, .contents = order->contents, .work = order->work};

	if (below ? over_base_create(driver, &options, below, &writing.disk, err)
		  : disk_create(driver, &options, &writing.disk, err))
		return -1;
	int result = write_disk(&writing, err);
	disk_free(writing.disk);
	if (result)
		unlink(path);
	return result;
}

/* Writes a file that does not exist yet. */
static int write_format(const struct image_order *order, const struct format *format,
	const char *path, struct error *err)
{
	if (format->bundle)
		return format->bundle->write(format->bundle, order, path, err);
	return image_write_disk(order, format->disk ? format->disk : &disk_raw, 0, path, err);
}

int image_write(const struct image_layout *layout, const struct image_contents *contents,
	const char *name, const char *path, const char *work, struct error *err)
{
	const struct image_order order = {layout, contents, work};
	cleanup_free char *beside = xasprintf("%s.%d.part", path, getpid());
	struct format format;

	if (!format_find(name, &format))
		return error_set(err, STATUS_FAILED, "%s: unknown format", name);
	if (disk_chain_has(contents->base, path))
		return error_set(err, STATUS_FAILED,
			"%s: the image would be its own base; write it elsewhere", path);
	unlink(beside);
	if (write_format(&order, &format, beside, err)) {
		unlink(beside);
		return -1;
	}
	if (rename(beside, path)) {
		error_errno(err, errno, "%s: renaming into place", path);
		unlink(beside);
		return -1;
	}
	return 0;
}

int image_find_esp(struct disk *disk, struct slice *ret_slice, struct error *err)
{
	struct partition_table table;
	bool found = false;

	if (partition_read(disk, &table, err))
		return -1;
	vector_for_each (partition, &table) {
		if (found || !partition_is_esp(&table, partition))
			continue;
		*ret_slice = (struct slice){disk, partition->start, partition->length};
		found = true;
	}
	partition_table_release(&table);
	return found ? 0 : error_set(err, STATUS_FAILED, "it has no EFI system partition");
}

static bool is_squashfs(const struct slice *slice)
{
	struct error ignored = {0};
	char magic[4];
	bool read = slice->length > sizeof(magic) &&
		    !slice_read(slice, 0, magic, sizeof(magic), &ignored);

	error_release(&ignored);
	return read && !memcmp(magic, "hsqs", sizeof(magic));
}

bool image_find_squashfs(struct disk *disk, struct slice *ret_slice)
{
	const struct slice whole = {disk, 0, disk->size};
	struct partition_table table = {0};
	struct error ignored = {0};
	bool found = is_squashfs(&whole);

	if (found)
		*ret_slice = whole;
	if (!found && partition_read(disk, &table, &ignored))
		error_release(&ignored);
	vector_for_each (partition, &table) {
		const struct slice slice = {disk, partition->start, partition->length};
		if (found || !is_squashfs(&slice))
			continue;
		*ret_slice = slice;
		found = true;
	}
	partition_table_release(&table);
	return found;
}

int image_find_root(struct disk *disk, struct slice *ret_slice, struct error *err)
{
	const struct slice whole = {disk, 0, disk->size};
	struct partition_table table;
	bool found = false;

	if (ext4_probe(&whole)) {
		*ret_slice = whole;
		return 0;
	}
	if (partition_read(disk, &table, err))
		return -1;
	vector_for_each (partition, &table) {
		const struct slice slice = {disk, partition->start, partition->length};
		if (found || !ext4_probe(&slice))
			continue;
		*ret_slice = slice;
		found = true;
	}
	partition_table_release(&table);
	return found ? 0 : error_set(err, STATUS_FAILED, "no partition holds an ext4 filesystem");
}
