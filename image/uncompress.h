/* What is compressed, by whatever its first bytes say (gzip, xz, lzma, bzip2, lz4, zstd) or
 * nothing.
 */
#pragma once

#include "base/text.h"

/* Reads a whole file, which uncompressed has at most `limit` bytes. */
int uncompress_file(int directory, const char *path, size_t limit, struct buffer *ret_content,
	struct error *err);
/* The same for bytes in memory. */
int uncompress_data(const void *data, size_t length, size_t limit, struct buffer *ret_content,
	struct error *err);
