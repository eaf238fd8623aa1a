#include "deb-write.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/size.h"
#include "md5sums.h"

enum { CHUNK = 64 * KIB };

/* An archive that grows in memory. */
struct growing {
	struct archive *archive;
	struct buffer content;
	uint64_t date;
};

static void growing_release(struct growing *growing)
{
	if (growing->archive)
		archive_write_free(growing->archive);
	buffer_release(&growing->content);
}

static int broken(struct growing *growing, struct error *err)
{
	const char *why = archive_error_string(growing->archive);

	return error_set(err, STATUS_FAILED, "writing a package: %s", why ? why : "libarchive");
}

static ssize_t take(struct archive *archive, void *context, const void *data, size_t length)
{
	(void)archive;
	buffer_append(context, data, length);
	return length;
}

static int growing_open(struct growing *growing, bool tar, struct error *err)
{
	struct archive *archive = growing->archive = archive_write_new();

	archive_write_set_bytes_in_last_block(archive, 1);
	if (tar ? archive_write_set_format_gnutar(archive) || archive_write_add_filter_xz(archive)
		: archive_write_set_format_ar_bsd(archive))
		return broken(growing, err);
	if (archive_write_open(archive, &growing->content, NULL, take, NULL))
		return broken(growing, err);
	return 0;
}

static int begin(
	struct growing *growing, const char *path, mode_t mode, uint64_t size, struct error *err)
{
	struct archive_entry *entry = archive_entry_new();

	archive_entry_set_pathname(entry, path);
	archive_entry_set_mode(entry, mode);
	archive_entry_set_size(entry, size);
	archive_entry_set_mtime(entry, growing->date, 0);
	archive_entry_set_uname(entry, "root");
	archive_entry_set_gname(entry, "root");
	int result = archive_write_header(growing->archive, entry);
	archive_entry_free(entry);
	return result == ARCHIVE_OK ? 0 : broken(growing, err);
}

static int add_data(struct growing *growing, const char *path, const void *data, size_t length,
	struct error *err)
{
	if (begin(growing, path, S_IFREG | 0644, length, err))
		return -1;
	if (archive_write_data(growing->archive, data, length) != (la_ssize_t)length)
		return broken(growing, err);
	return 0;
}

/* The directories of `path` that are not above `before`, the path written last. */
static int add_directories(
	struct growing *growing, const char *path, const char *before, struct error *err)
{
	for (const char *slash = path; (slash = strchr(slash, '/')); slash++) {
		int length = slash + 1 - path;
		cleanup_free char *name = xasprintf("./%.*s", length, path);
		if (strncmp(path, before, length) && begin(growing, name, S_IFDIR | 0755, 0, err))
			return -1;
	}
	return 0;
}

/* Adds a file, and its line to the sums. */
static int add_file(struct growing *growing, const struct deb_file *file, struct buffer *sums,
	uint64_t *size, struct error *err)
{
	cleanup_fd int fd = openat(file->directory, file->source, O_RDONLY | O_CLOEXEC);
	cleanup_free char *path = xasprintf("./%s", file->path);
	struct stat status;
	struct md5_ctx md5;
	uint8_t chunk[CHUNK];

	if (fd < 0 || fstat(fd, &status))
		return error_errno(err, errno, "%s", file->source);
	if (begin(growing, path, S_IFREG | 0644, status.st_size, err))
		return -1;
	md5_init(&md5);
	for (off_t at = 0, length; at < status.st_size; at += length) {
		length = status.st_size - at < CHUNK ? status.st_size - at : CHUNK;
		if (file_read_at(fd, at, chunk, length, err) || interrupt_check(err))
			return -1;
		if (archive_write_data(growing->archive, chunk, length) != length)
			return broken(growing, err);
		md5_update(&md5, length, chunk);
	}
	md5sums_add(sums, &md5, file->path);
	*size += status.st_size;
	return 0;
}

static int make_data(struct growing *data, const struct deb_files *files, struct buffer *sums,
	uint64_t *ret_size, struct error *err)
{
	const char *before = "";
	uint64_t size = 0;

	if (growing_open(data, true, err) || begin(data, "./", S_IFDIR | 0755, 0, err))
		return -1;
	vector_for_each (file, files) {
		if (add_directories(data, file->path, before, err) ||
			add_file(data, file, sums, &size, err))
			return -1;
		before = file->path;
	}
	*ret_size = size;
	return archive_write_close(data->archive) == ARCHIVE_OK ? 0 : broken(data, err);
}

static int make_control(struct growing *control, const char *fields, const struct buffer *sums,
	uint64_t size, struct error *err)
{
	cleanup_free char *text = xasprintf(
		"%sInstalled-Size: %llu\n", fields, (unsigned long long)((size + KIB - 1) / KIB));

	if (growing_open(control, true, err) || begin(control, "./", S_IFDIR | 0755, 0, err) ||
		add_data(control, "./control", text, strlen(text), err) ||
		add_data(control, "./md5sums", sums->data, sums->length, err))
		return -1;
	return archive_write_close(control->archive) == ARCHIVE_OK ? 0 : broken(control, err);
}

int deb_write(const char *path, const char *control, const struct deb_files *files, uint64_t date,
	struct error *err)
{
	static const char format[] = "2.0\n";
	cleanup(growing_release) struct growing outer = {.date = date}, tar = {.date = date},
						head = {.date = date};
	cleanup_buffer struct buffer sums = {0};
	uint64_t size;

	buffer_text(&sums, "");
	if (make_data(&tar, files, &sums, &size, err) ||
		make_control(&head, control, &sums, size, err) ||
		growing_open(&outer, false, err) ||
		add_data(&outer, "debian-binary", format, strlen(format), err) ||
		add_data(&outer, "control.tar.xz", head.content.data, head.content.length, err) ||
		add_data(&outer, "data.tar.xz", tar.content.data, tar.content.length, err))
		return -1;
	if (archive_write_close(outer.archive) != ARCHIVE_OK)
		return broken(&outer, err);
	return file_replace(path, outer.content.data, outer.content.length, err);
}
