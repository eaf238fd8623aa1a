/*
 * A .deb file, read as a stream (deb(5)): an ar archive of debian-binary, control.tar and data.tar,
 * the latter two compressed by gzip, xz or zstd.
 */
#pragma once

#include <archive.h>
#include <archive_entry.h>

#include "base/error.h"

enum deb_part { DEB_CONTROL, DEB_DATA };

/*
 * Called for each entry of a part, in the order of the file. `path` is relative and clean: no
 * leading "./" or '/', no "..", no trailing '/'; "" is the top. The entry's content may be read
 * from `tar` with archive_read_data*() during the call, or left.
 */
typedef int deb_visit(void *context, struct archive *tar, struct archive_entry *entry,
	const char *path, struct error *err);

/* Reads one part; a damaged file, or a path that would lead out, is STATUS_ARCHIVE. */
int deb_read(
	const char *file, enum deb_part part, deb_visit *visit, void *context, struct error *err);
