/*
 * Downloads: files fetched in parallel over http, https or file, each hashed while it streams in
 * and never longer than expected. A file appears under its path by rename, whole and with the right
 * hash, or not at all; what an interrupted run left (PATH.part) is resumed by the next.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"

struct download {
	const char *url, *path;
	const char *name;   /* what it is, for progress and messages */
	const char *sha256; /* NULL: not known beforehand; then `size` is the most it may have */
	uint64_t size;      /* bytes */
	bool optional;      /* that it does not exist is no error: `absent` is set instead */
	bool absent;        /* result */
};

/*
 * Fetches all; with `sha256`, what is already there under its path is taken as it is. Transient
 * failures are tried again, three times in all. Errors are STATUS_ARCHIVE and name the URL; the
 * first one ends all others.
 */
int downloads_run(struct download *downloads, size_t count, struct error *err);
