#include "archive/decompress.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/interrupt.h"

enum { BLOCK = 256 * 1024 };

static void close_reader(struct archive **reader)
{
	archive_read_free(*reader);
}

static int fail(struct archive *reader, const char *file, struct error *err)
{
	return error_set(
		err, STATUS_ARCHIVE, "%s: uncompressing: %s", file, archive_error_string(reader));
}

int decompress_file(const char *from, const char *to, uint64_t limit, char ret_sha256[HASH_TEXT],
	struct error *err)
{
	cleanup(close_reader) struct archive *reader = archive_read_new();
	cleanup_fd int fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	cleanup_free char *block = xmalloc(BLOCK);
	struct archive_entry *entry;
	struct hash hash;
	la_ssize_t length;
	uint64_t total = 0;

	if (fd < 0)
		return error_errno(err, errno, "%s", to);
	archive_read_support_filter_all(reader);
	archive_read_support_format_raw(reader);
	archive_read_support_format_empty(reader);
	hash_init(&hash);
	int code = archive_read_open_filename(reader, from, BLOCK);
	if (code == ARCHIVE_OK)
		code = archive_read_next_header(reader, &entry);
	if (code != ARCHIVE_OK && code != ARCHIVE_EOF)
		return fail(reader, from, err);
	while (code == ARCHIVE_OK && (length = archive_read_data(reader, block, BLOCK)) != 0) {
		if (length < 0)
			return fail(reader, from, err);
		total += length;
		if (total > limit)
			return error_set(err, STATUS_ARCHIVE, "%s: larger than %llu bytes", from,
				(unsigned long long)limit);
		hash_update(&hash, block, length);
		if (interrupt_check(err) || file_write_all(fd, block, length, err))
			return error_wrap(err, "%s", to);
	}
	hash_finish(&hash, ret_sha256);
	return 0;
}
