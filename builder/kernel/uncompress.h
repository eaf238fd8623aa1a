/* Compressed files, of whatever kind their first bytes say (gzip, xz, zstd) or none. */
#pragma once

#include "base/text.h"

/* Reads a whole file, which uncompressed has at most `limit` bytes. */
int uncompress_file(int directory, const char *path, size_t limit, struct buffer *ret_content,
	struct error *err);
