#include "image-source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "archive.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "host-file.h"

/* Archives with one disk in them, by a file that only they have. */
static const struct {
	const char *suffix, *format;
} disk_archives[] = {{".ovf", "ova"}, {"/disk.raw", "gce"}};

/* Members of such archives that are beside the disk. */
static const char *const beside_disks[] = {".ovf", ".mf", ".cert", ".nvram", ".iso", ".txt"};

static const char *disk_archive_format(const struct image_tree *tree)
{
	for (size_t i = 0; i < array_count(disk_archives); i++)
		vector_for_each (file, &tree->files)
			if (S_ISREG(file->mode) && !strchr(file->path + 1, '/') &&
				text_ends(file->path, disk_archives[i].suffix))
				return disk_archives[i].format;
	return NULL;
}

static bool is_disk(const struct image_file *file)
{
	bool beside = !S_ISREG(file->mode);

	for (size_t i = 0; i < array_count(beside_disks); i++)
		beside |= text_ends(file->path, beside_disks[i]);
	return !beside;
}

static int find_disk(
	const struct image_tree *tree, const struct image_file **ret_file, struct error *err)
{
	const struct image_file *found = NULL;

	vector_for_each (file, &tree->files) {
		if (!is_disk(file))
			continue;
		if (found)
			return error_set(err, STATUS_FAILED,
				"it holds several disks, such as %s and %s: take out the one that "
				"is meant with tar(1)",
				found->path + 1, file->path + 1);
		found = file;
	}
	*ret_file = found;
	return found ? 0 : error_set(err, STATUS_FAILED, "there is no disk in it");
}

/* A file of its own, since disks start at the beginning of theirs. */
static int take_out(const struct archive_source *place, int *ret_fd, struct error *err)
{
	enum { PIECE = 65536 };
	cleanup_free char *piece = xmalloc(PIECE);
	cleanup_fd int fd = -1;

	if (archive_scratch(&fd, err) || host_file_set_size(fd, place->length, err))
		return -1;
	for (uint64_t at = 0, run; at < place->length; at += run) {
		if (!host_file_has_data(place->fd, place->offset + at, place->length - at, &run))
			continue;
		run = place->length - at < PIECE ? place->length - at : PIECE;
		if (file_read_at(place->fd, place->offset + at, piece, run, err) ||
			file_write_at(fd, at, piece, run, err))
			return -1;
	}
	*ret_fd = steal_fd(&fd);
	return 0;
}

/* `path` is the archive's. */
static int open_inner(struct image_source *source, const struct image_tree *tree, const char *path,
	struct error *err)
{
	const struct image_file *file;

	if (find_disk(tree, &file, err))
		return error_wrap(err, "%s", source->format);
	const struct archive_source place = archive_contents(tree, file);
	if (take_out(&place, &source->inner, err))
		return -1;
	cleanup_free char *inner = xasprintf("/proc/self/fd/%d", source->inner);
	if (disk_open(inner, false, &source->disk, err))
		return -1;
	free(source->disk->path);
	source->disk->path = xasprintf("%s: %s", path, file->path + 1);
	return 0;
}

static int open_archive(struct image_source *source, int fd, const char *path, struct error *err)
{
	const struct archive_source whole = {fd, 0, source->file_size};
	cleanup_image_tree struct image_tree *tree = NULL;

	if (archive_open(&whole, &tree, err))
		return -1;
	const char *disk_format = disk_archive_format(tree);
	source->format = disk_format ? disk_format : "tar";
	if (disk_format)
		return open_inner(source, tree, path, err);
	if (image_tree_find(tree, "/oci-layout")) {
		source->format = "oci";
		return oci_open(&(struct oci_source){-1, tree}, &source->archive, err);
	}
	source->archive = steal_pointer(&tree);
	return 0;
}

static int open_directory(struct image_source *source, const char *path, struct error *err)
{
	cleanup_fd int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (directory < 0)
		return error_errno(err, errno, "%s", path);
	if (!file_exists(directory, "oci-layout"))
		return error_set(
			err, STATUS_FAILED, "%s: a directory, but no OCI image in it", path);
	source->format = "oci";
	if (oci_open(&(struct oci_source){directory, NULL}, &source->archive, err))
		return error_wrap(err, "%s", path);
	return 0;
}

static int open_file(struct image_source *source, const char *path, struct error *err)
{
	uint8_t head[512];
	cleanup_fd int fd = -1;

	if (host_file_open(path, false, &fd, &source->file_size, err) ||
		host_file_read(fd, 0, head, sizeof(head), err))
		return error_wrap(err, "%s", path);
	if (archive_recognize(head))
		return open_archive(source, fd, path, err) ? error_wrap(err, "%s", path) : 0;
	if (disk_open(path, false, &source->disk, err))
		return -1;
	source->format = source->disk->driver->name;
	return 0;
}

int image_source_open(const char *path, struct image_source *ret_source, struct error *err)
{
	cleanup_image_source struct image_source source = {0};
	struct stat status;

	if (stat(path, &status))
		return error_errno(err, errno, "%s", path);
	if (S_ISDIR(status.st_mode) ? open_directory(&source, path, err)
				    : open_file(&source, path, err))
		return -1;
	source.stored = (uint64_t)status.st_blocks * 512;
	*ret_source = source;
	source = (struct image_source){0};
	return 0;
}

void image_source_release(struct image_source *source)
{
	disk_free(source->disk);
	image_tree_free(source->archive);
	if (source->inner)
		close(source->inner);
	*source = (struct image_source){0};
}
