#include "uncompress.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>

#include "base/cleanup.h"

static void cleanup_archive_read(struct archive **archive)
{
	archive_read_free(*archive);
}

static int read_all(struct archive *reader, size_t limit, struct buffer *content, struct error *err)
{
	char block[16384];
	ssize_t length;

	while ((length = archive_read_data(reader, block, sizeof(block))) > 0) {
		if ((size_t)length > limit - content->length)
			return error_set(err, STATUS_FAILED, "larger than %zu bytes", limit);
		buffer_append(content, block, length);
	}
	if (length < 0)
		return error_set(err, STATUS_FAILED, "%s", archive_error_string(reader));
	return 0;
}

/* Of a reader that is open. */
static int uncompress(
	struct archive *reader, size_t limit, struct buffer *ret_content, struct error *err)
{
	cleanup_buffer struct buffer content = {0};
	struct archive_entry *entry;

	if (archive_read_next_header(reader, &entry))
		return error_set(err, STATUS_FAILED, "%s", archive_error_string(reader));
	if (read_all(reader, limit, &content, err))
		return -1;
	*ret_content = content;
	content = (struct buffer){0};
	return 0;
}

static struct archive *new_reader(void)
{
	struct archive *reader = archive_read_new();

	archive_read_support_filter_gzip(reader);
	archive_read_support_filter_xz(reader);
	archive_read_support_filter_lzma(reader);
	archive_read_support_filter_bzip2(reader);
	archive_read_support_filter_lz4(reader);
	archive_read_support_filter_zstd(reader);
	archive_read_support_format_raw(reader);
	return reader;
}

int uncompress_data(const void *data, size_t length, size_t limit, struct buffer *ret_content,
	struct error *err)
{
	cleanup(cleanup_archive_read) struct archive *reader = new_reader();

	if (archive_read_open_memory(reader, data, length))
		return error_set(err, STATUS_FAILED, "%s", archive_error_string(reader));
	return uncompress(reader, limit, ret_content, err);
}

int uncompress_file(int directory, const char *path, size_t limit, struct buffer *ret_content,
	struct error *err)
{
	cleanup_fd int fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
	cleanup(cleanup_archive_read) struct archive *reader = new_reader();

	if (fd < 0)
		return error_errno(err, errno, "%s", path);
	if (archive_read_open_fd(reader, fd, 64 * 1024))
		return error_set(err, STATUS_FAILED, "%s: %s", path, archive_error_string(reader));
	return uncompress(reader, limit, ret_content, err) ? error_wrap(err, "%s", path) : 0;
}
