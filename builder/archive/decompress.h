/* Uncompressing a whole file (xz, gzip, zstd, ... or plain, told by its content). */
#pragma once

#include <stdint.h>

#include "base/hash.h"

/* Writes what the file holds to `to`, at most `limit` bytes (more is an error: a decompression
 * bomb), and hashes it. */
int decompress_file(const char *from, const char *to, uint64_t limit, char ret_sha256[HASH_TEXT],
	struct error *err);
