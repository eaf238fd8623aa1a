/* Compression of blocks: each is compressed by itself and inflated whole. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum compression {
	COMPRESSION_NONE,
	COMPRESSION_ZLIB,    /* RFC 1950 */
	COMPRESSION_ZSTD,    /* RFC 8878 */
	COMPRESSION_DEFLATE, /* RFC 1951: zlib's without its header */
	COMPRESSION_GZIP,    /* RFC 1952: for files; only made, not inflated */
	COMPRESSION_XZ,
};

/* What disks can be compressed with: "none", "zlib", "zstd", by index; NULL behind the last. */
const char *compression_name(size_t index);
/* A name that is none of these means none. */
enum compression compression_find(const char *name);

/* The highest level of what disks can be compressed with, by its name. */
unsigned compression_level_most(const char *name);

/* What one thread compresses with, again and again. */
struct compressor;

/* `level`: up to compression_level_most(); 0: the usual one. `block`: the length of most blocks. */
struct compressor *compressor_new(enum compression compression, unsigned level, size_t block);
/* Compresses a block; the length of the result, 0 when it does not fit the room. The same bytes
 * give the same result, whatever was compressed before. */
size_t compressor_run(
	struct compressor *compressor, const void *data, size_t length, void *result, size_t room);
void compressor_free(struct compressor *compressor); /* NULL is fine */
/* The room that any block of that length fits. */
size_t compression_bound(enum compression compression, size_t length);

/* Where a block is inflated to. */
struct inflated {
	void *data;
	size_t minimum, room; /* bytes that it must have, and may have; the rest is zeroed */
};

/* Inflates a block; what follows its end is none of its business. False when it is damaged. */
bool compression_inflate(enum compression compression, const void *data, size_t length,
	const struct inflated *inflated);
