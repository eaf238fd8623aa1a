/*
 * A .deb file, read as a stream (deb(5)): an ar archive of debian-binary, control.tar and data.tar,
 * the latter two compressed by gzip, xz or zstd.
 */
#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

enum deb_part { DEB_CONTROL, DEB_DATA };

/* What a part is read for. */
struct deb_reader {
	uint64_t limit; /* bytes that the part may expand to */
	/*
	 * Called for each entry, in the order of the file. `path` is relative and clean: no leading
	 * "./" or '/', no "..", no trailing '/'; "" is the top. The entry's content may be read
	 * from `tar` with archive_read_data*() during the call, or left.
	 */
	int (*visit)(void *context, struct archive *tar, struct archive_entry *entry,
		const char *path, struct error *err);
	void *context;
	/* Set by a visit: the rest is of no interest and not read. NULL: everything is. */
	const bool *done;
};

/* Reads one part. A damaged file, members in another order, a path that would lead out, or content
 * beyond the limit is STATUS_ARCHIVE. */
int deb_read(
	const char *file, enum deb_part part, const struct deb_reader *reader, struct error *err);

/* Appends the content of a visit's entry, which may have up to `most` bytes. */
int deb_read_content(struct archive *tar, struct archive_entry *entry, uint64_t most,
	struct buffer *content, struct error *err);

/* The text of its control file. */
int deb_read_control(const char *file, struct buffer *ret_control, struct error *err);

/* Reads a tar, whatever its compression, that is the content of a visit's entry `path`. Errors are
 * those of deb_read(). */
int deb_read_inside(struct archive *outer, const char *path, const struct deb_reader *reader,
	struct error *err);

/* What the data of a .deb of that size may expand to. Its Installed-Size is an estimate, and 0
 * where it is not known. */
uint64_t deb_limit(uint64_t size, uint64_t installed_size);

/* A path as deb_reader.visit gets it; false when it is none. ret_path is owned by the caller. */
bool deb_clean_path(const char *raw, char **ret_path);
