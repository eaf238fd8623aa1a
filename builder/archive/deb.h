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
 * Reads one part; a damaged file, or a path that would lead out, is STATUS_ARCHIVE. `visit` is
 * called for each entry, in the order of the file. `path` is relative and clean: no leading "./" or
 * '/', no "..", no trailing '/'; "" is the top. The entry's content may be read from `tar` with
 * archive_read_data*() during the call, or left.
 */
int deb_read(const char *file, enum deb_part part,
	int (*visit)(void *context, struct archive *tar, struct archive_entry *entry,
		const char *path, struct error *err),
	void *context, struct error *err);
