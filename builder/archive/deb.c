#include "deb.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/interrupt.h"
#include "base/size.h"
#include "base/text.h"

static void cleanup_archive_read(struct archive **archive)
{
	if (*archive)
		archive_read_free(*archive);
}

#define cleanup_reader cleanup(cleanup_archive_read)

enum { BLOCK = 128 * KIB, HEADER = 512, CONTROL_LONGEST = 16 * MIB };

/* The members of a .deb, in this order; those behind them are for others. */
static const char *const members[] = {"debian-binary", "control.tar", "data.tar"};

uint64_t deb_limit(uint64_t size, uint64_t installed_size)
{
	uint64_t promised = 2 * installed_size, usual = 50 * size;

	return (promised > usual ? promised : usual) + 64 * MIB;
}

/* The inner archive's bytes come from the entry of the outer one. */
static ssize_t read_member(struct archive *inner, void *context, const void **ret_block)
{
	struct archive *outer = context;
	size_t length;
	la_int64_t offset;

	int result = archive_read_data_block(outer, ret_block, &length, &offset);
	if (result == ARCHIVE_EOF)
		return 0;
	if (result < ARCHIVE_WARN) {
		archive_set_error(inner, archive_errno(outer), "%s", archive_error_string(outer));
		return -1;
	}
	return length;
}

/* Strips what tar puts before and behind a path; false when it would lead out of the root, or would
 * not fit the lines of a list. */
bool deb_clean_path(const char *raw, char **ret_path)
{
	while (raw[0] == '.' && raw[1] == '/')
		raw += 2;
	if (!strcmp(raw, "."))
		raw++;
	if (raw[0] == '/' || strchr(raw, '\n'))
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

/* No content is longer than its header says, so that the headers are enough to look at. */
static int spend(uint64_t *limit, struct archive_entry *entry, const char *file, struct error *err)
{
	la_int64_t size = archive_entry_size(entry);
	uint64_t length = HEADER + (size > 0 ? size : 0);

	if (length > *limit)
		return error_set(
			err, STATUS_ARCHIVE, "%s: it expands to far more than it promised", file);
	*limit -= length;
	return 0;
}

static int visit_all(
	struct archive *tar, const char *file, const struct deb_reader *reader, struct error *err)
{
	uint64_t limit = reader->limit;
	struct archive_entry *entry;
	int result;

	while ((result = archive_read_next_header(tar, &entry)) == ARCHIVE_OK ||
		result == ARCHIVE_WARN) {
		cleanup_free char *path = NULL;
		const char *raw = archive_entry_pathname(entry);
		if (interrupt_check(err) || spend(&limit, entry, file, err))
			return -1;
		if (!raw || !deb_clean_path(raw, &path))
			return error_set(err, STATUS_ARCHIVE, "%s: unsafe path `%s` in the package",
				file, raw ? raw : "");
		if (reader->visit(reader->context, tar, entry, path, err))
			return -1;
		if (reader->done && *reader->done)
			return 0;
	}
	return result == ARCHIVE_EOF ? 0 : broken(tar, file, err);
}

static int read_inside(struct archive *tar, struct archive *outer, const char *file,
	const struct deb_reader *reader, struct error *err)
{
	if (archive_read_open(tar, outer, NULL, read_member, NULL))
		return broken(tar, file, err);
	return visit_all(tar, file, reader, err);
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

/* "control.tar", as it is or with the suffix of its compression. */
static bool is_member(const char *name, const char *wanted)
{
	return text_starts(name, wanted) && (!name[strlen(wanted)] || name[strlen(wanted)] == '.');
}

/* Leads `outer` to the part's member. */
static int find_part(struct archive *outer, enum deb_part part, const char *file, struct error *err)
{
	size_t last = part == DEB_CONTROL ? 1 : 2;
	struct archive_entry *member;

	for (size_t i = 0; i <= last;) {
		int result = archive_read_next_header(outer, &member);
		if (result != ARCHIVE_EOF && result < ARCHIVE_WARN)
			return broken(outer, file, err);
		const char *name = result == ARCHIVE_EOF ? "" : archive_entry_pathname(member);
		if (i && *name == '_') /* reserved for extensions that may be ignored */
			continue;
		if (!is_member(name, members[i]))
			return error_set(err, STATUS_ARCHIVE,
				"%s: damaged package: no %s where it belongs", file, members[i]);
		i++;
	}
	return 0;
}

int deb_read(
	const char *file, enum deb_part part, const struct deb_reader *reader, struct error *err)
{
	cleanup_reader struct archive *outer = archive_read_new();
	cleanup_reader struct archive *tar = tar_reader();

	archive_read_support_format_ar(outer);
	if (archive_read_open_filename(outer, file, BLOCK) != ARCHIVE_OK)
		return broken(outer, file, err);
	if (find_part(outer, part, file, err))
		return -1;
	return read_inside(tar, outer, file, reader, err);
}

int deb_read_inside(
	struct archive *outer, const char *path, const struct deb_reader *reader, struct error *err)
{
	cleanup_reader struct archive *tar = tar_reader();

	return read_inside(tar, outer, path, reader, err);
}

int deb_read_content(struct archive *tar, struct archive_entry *entry, uint64_t most,
	struct buffer *content, struct error *err)
{
	const char *path = archive_entry_pathname(entry);
	char chunk[4 * KIB];
	la_ssize_t length;

	if (archive_entry_size(entry) > (la_int64_t)most)
		return error_set(err, STATUS_ARCHIVE, "%s is too large", path);
	while ((length = archive_read_data(tar, chunk, sizeof(chunk))) > 0)
		buffer_append(content, chunk, length);
	return length < 0 ? error_set(err, STATUS_ARCHIVE, "%s is damaged", path) : 0;
}

static int take_control(void *context, struct archive *tar, struct archive_entry *entry,
	const char *path, struct error *err)
{
	struct buffer *control = context;

	if (strcmp(path, "control") || control->length)
		return 0;
	return deb_read_content(tar, entry, CONTROL_LONGEST, control, err);
}

int deb_read_control(const char *file, struct buffer *ret_control, struct error *err)
{
	cleanup_buffer struct buffer control = {0};
	const struct deb_reader reader = {
		.limit = CONTROL_LONGEST, .visit = take_control, .context = &control};

	if (deb_read(file, DEB_CONTROL, &reader, err))
		return -1;
	if (!control.length || memchr(control.data, '\0', control.length))
		return error_set(err, STATUS_ARCHIVE, "%s: damaged package: no control file", file);
	*ret_control = control;
	control = (struct buffer){0};
	return 0;
}
