#include "deb.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/interrupt.h"
#include "base/text.h"

static void cleanup_archive_read(struct archive **archive)
{
	if (*archive)
		archive_read_free(*archive);
}

#define cleanup_reader cleanup(cleanup_archive_read)

enum { BLOCK = 128 * 1024 };

/* The inner tar's bytes come from the member of the outer ar. */
static ssize_t read_member(struct archive *tar, void *context, const void **ret_block)
{
	struct archive *outer = context;
	size_t length;
	la_int64_t offset;

	int result = archive_read_data_block(outer, ret_block, &length, &offset);
	if (result == ARCHIVE_EOF)
		return 0;
	if (result < ARCHIVE_WARN) {
		archive_set_error(tar, archive_errno(outer), "%s", archive_error_string(outer));
		return -1;
	}
	return length;
}

/* Strips what tar puts before and behind a path; false when it would lead out of the root. */
static bool clean_path(const char *raw, char **ret_path)
{
	while (raw[0] == '.' && raw[1] == '/')
		raw += 2;
	if (!strcmp(raw, "."))
		raw++;
	if (raw[0] == '/')
		return false;
	size_t length = strlen(raw);
	while (length && raw[length - 1] == '/')
		length--;
	for (const char *part = raw; part < raw + length;) {
		size_t size = strcspn(part, "/");
		if (!size || (size == 1 && part[0] == '.') || (size == 2 && !memcmp(part, "..", 2)))
			return false;
		part += size + 1;
	}
	*ret_path = xstrndup(raw, length);
	return true;
}

static int broken(struct archive *archive, const char *file, struct error *err)
{
	const char *why = archive_error_string(archive);

	return error_set(
		err, STATUS_ARCHIVE, "%s: damaged package: %s", file, why ? why : "unreadable");
}

static int visit_all(struct archive *tar, const char *file,
	int (*visit)(void *context, struct archive *tar, struct archive_entry *entry,
		const char *path, struct error *err),
	void *context, struct error *err)
{
	struct archive_entry *entry;
	int result;

	while ((result = archive_read_next_header(tar, &entry)) == ARCHIVE_OK ||
		result == ARCHIVE_WARN) {
		cleanup_free char *path = NULL;
		const char *raw = archive_entry_pathname(entry);
		if (interrupt_check(err))
			return -1;
		if (!raw || !clean_path(raw, &path))
			return error_set(err, STATUS_ARCHIVE, "%s: unsafe path `%s` in the package",
				file, raw ? raw : "");
		if (visit(context, tar, entry, path, err))
			return -1;
	}
	return result == ARCHIVE_EOF ? 0 : broken(tar, file, err);
}

static struct archive *tar_reader(void)
{
	struct archive *tar = archive_read_new();

	archive_read_support_format_tar(tar);
	archive_read_support_filter_gzip(tar);
	archive_read_support_filter_xz(tar);
	archive_read_support_filter_zstd(tar);
	return tar;
}

int deb_read(const char *file, enum deb_part part,
	int (*visit)(void *context, struct archive *tar, struct archive_entry *entry,
		const char *path, struct error *err),
	void *context, struct error *err)
{
	const char *wanted = part == DEB_CONTROL ? "control.tar" : "data.tar";
	cleanup_reader struct archive *outer = archive_read_new();
	cleanup_reader struct archive *tar = tar_reader();
	struct archive_entry *member;

	archive_read_support_format_ar(outer);
	if (archive_read_open_filename(outer, file, BLOCK) != ARCHIVE_OK)
		return broken(outer, file, err);
	for (;;) {
		int result = archive_read_next_header(outer, &member);
		if (result == ARCHIVE_EOF)
			return error_set(
				err, STATUS_ARCHIVE, "%s: damaged package: no %s", file, wanted);
		if (result < ARCHIVE_WARN)
			return broken(outer, file, err);
		if (text_starts(archive_entry_pathname(member), wanted))
			break;
	}
	if (archive_read_open(tar, outer, NULL, read_member, NULL) != ARCHIVE_OK)
		return broken(tar, file, err);
	return visit_all(tar, file, visit, context, err);
}
