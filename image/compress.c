#include "compress.h"

#include <libdeflate.h>
#include <lzma.h>
#include <string.h>
#include <zstd.h>

#include "base/memory.h"
#include "base/size.h"

enum {
	ZSTD_LEVEL = 3, /* what QEMU takes */
	XZ_PRESET = 3,  /* a third of the time of the usual 6, and a tenth larger */
	XZ_MEMORY = 16 * MIB,
};

/* In a third of the time that QEMU takes at most: of qcow2, which it writes on all cores, no larger
 * than its own, of vmdk, which it writes on one, a hundredth larger. */
static const unsigned deflate_levels[] = {
	[COMPRESSION_DEFLATE] = 2, [COMPRESSION_ZLIB] = 2, [COMPRESSION_GZIP] = 5};

/* The level's tables are larger than a core's first cache, where most of its time goes. For blocks
 * of up to so many bytes these are smaller, and find shorter matches as well: less is written in
 * less time. Blocks of 256K become a fiftieth smaller than those of 64K, in four fifths of it. */
static const struct {
	size_t most;
	ZSTD_strategy strategy;
	int window, chain, hash; /* powers of two */
	int shortest;            /* match, bytes */
} small_blocks[] = {
	{64 * KIB, ZSTD_dfast, 16, 13, 13, 4},
	{256 * KIB, ZSTD_fast, 18, 13, 14, 4},
};

static const char *const names[] = {
	[COMPRESSION_NONE] = "none", [COMPRESSION_ZLIB] = "zlib", [COMPRESSION_ZSTD] = "zstd"};

const char *compression_name(size_t index)
{
	return index < array_count(names) ? names[index] : NULL;
}

enum compression compression_find(const char *name)
{
	for (size_t i = 0; i < array_count(names); i++)
		if (!strcmp(names[i], name))
			return i;
	return COMPRESSION_NONE;
}

unsigned compression_level_most(const char *name)
{
	static const unsigned levels[] = {[COMPRESSION_ZLIB] = 12, [COMPRESSION_ZSTD] = 19};

	return levels[compression_find(name)];
}

struct compressor {
	enum compression compression;
	struct libdeflate_compressor *deflate; /* owned */
	ZSTD_CCtx *zstd;                       /* owned */
};

static void *must_exist(void *context)
{
	if (!context)
		abort(); /* out of memory */
	return context;
}

static void tune(ZSTD_CCtx *zstd, size_t index)
{
	const typeof(*small_blocks) *blocks = &small_blocks[index];

	ZSTD_CCtx_setParameter(zstd, ZSTD_c_strategy, blocks->strategy);
	ZSTD_CCtx_setParameter(zstd, ZSTD_c_windowLog, blocks->window);
	ZSTD_CCtx_setParameter(zstd, ZSTD_c_chainLog, blocks->chain);
	ZSTD_CCtx_setParameter(zstd, ZSTD_c_hashLog, blocks->hash);
	ZSTD_CCtx_setParameter(zstd, ZSTD_c_searchLog, 1);
	ZSTD_CCtx_setParameter(zstd, ZSTD_c_minMatch, blocks->shortest);
}

static ZSTD_CCtx *zstd_new(unsigned level, size_t block)
{
	ZSTD_CCtx *zstd = must_exist(ZSTD_createCCtx());

	ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, level ? level : ZSTD_LEVEL);
	for (size_t i = 0; !level && i < array_count(small_blocks); i++)
		if (block <= small_blocks[i].most) {
			tune(zstd, i);
			break;
		}
	return zstd;
}

struct compressor *compressor_new(enum compression compression, unsigned level, size_t block)
{
	struct compressor *compressor = xcalloc(1, sizeof(*compressor));

	compressor->compression = compression;
	if (compression == COMPRESSION_ZSTD)
		compressor->zstd = zstd_new(level, block);
	else if (compression != COMPRESSION_XZ)
		compressor->deflate = must_exist(
			libdeflate_alloc_compressor(level ? level : deflate_levels[compression]));
	return compressor;
}

static size_t compress_xz(const void *data, size_t length, void *result, size_t room)
{
	size_t got = 0;
	lzma_ret code = lzma_easy_buffer_encode(
		XZ_PRESET, LZMA_CHECK_CRC64, NULL, data, length, result, &got, room);

	return code == LZMA_OK ? got : 0;
}

size_t compressor_run(
	struct compressor *compressor, const void *data, size_t length, void *result, size_t room)
{
	size_t got;

	switch (compressor->compression) {
	case COMPRESSION_ZSTD:
		got = ZSTD_compress2(compressor->zstd, result, room, data, length);
		return ZSTD_isError(got) ? 0 : got;
	case COMPRESSION_ZLIB:
		return libdeflate_zlib_compress(compressor->deflate, data, length, result, room);
	case COMPRESSION_GZIP:
		return libdeflate_gzip_compress(compressor->deflate, data, length, result, room);
	case COMPRESSION_XZ:
		return compress_xz(data, length, result, room);
	default:
		return libdeflate_deflate_compress(compressor->deflate, data, length, result, room);
	}
}

void compressor_free(struct compressor *compressor)
{
	if (!compressor)
		return;
	libdeflate_free_compressor(compressor->deflate);
	ZSTD_freeCCtx(compressor->zstd);
	free(compressor);
}

size_t compression_bound(enum compression compression, size_t length)
{
	switch (compression) {
	case COMPRESSION_ZSTD:
		return ZSTD_compressBound(length);
	case COMPRESSION_XZ:
		return lzma_stream_buffer_bound(length);
	case COMPRESSION_GZIP:
		return libdeflate_gzip_compress_bound(NULL, length);
	default:
		return libdeflate_zlib_compress_bound(NULL, length);
	}
}

static bool inflate_deflate(enum compression compression, const void *data, size_t length,
	const struct inflated *inflated, size_t *ret_got)
{
	struct libdeflate_decompressor *inflater = must_exist(libdeflate_alloc_decompressor());
	typeof(libdeflate_zlib_decompress_ex) *decompress =
		compression == COMPRESSION_ZLIB ? libdeflate_zlib_decompress_ex
						: libdeflate_deflate_decompress_ex;
	size_t read;
	bool fine = decompress(inflater, data, length, inflated->data, inflated->room, &read,
			    ret_got) == LIBDEFLATE_SUCCESS;

	libdeflate_free_decompressor(inflater);
	return fine;
}

/* Frame by frame, for what follows the last one is not ours. */
static bool inflate_zstd(
	const uint8_t *data, size_t length, const struct inflated *inflated, size_t *ret_got)
{
	size_t done = 0;

	while (done < inflated->minimum) {
		size_t frame = ZSTD_findFrameCompressedSize(data, length);
		if (ZSTD_isError(frame))
			return false;
		size_t got = ZSTD_decompress(
			(uint8_t *)inflated->data + done, inflated->room - done, data, frame);
		if (ZSTD_isError(got))
			return false;
		data += frame;
		length -= frame;
		done += got;
	}
	*ret_got = done;
	return true;
}

/* Blocks need no dictionary that is larger than they are. */
static bool inflate_xz(
	const uint8_t *data, size_t length, const struct inflated *inflated, size_t *ret_got)
{
	uint64_t memory = XZ_MEMORY;
	size_t read = 0;

	*ret_got = 0;
	return lzma_stream_buffer_decode(&memory, 0, NULL, data, &read, length, inflated->data,
		       ret_got, inflated->room) == LZMA_OK;
}

static bool inflate(enum compression compression, const void *data, size_t length,
	const struct inflated *inflated, size_t *ret_got)
{
	switch (compression) {
	case COMPRESSION_ZSTD:
		return inflate_zstd(data, length, inflated, ret_got);
	case COMPRESSION_XZ:
		return inflate_xz(data, length, inflated, ret_got);
	default:
		return inflate_deflate(compression, data, length, inflated, ret_got);
	}
}

bool compression_inflate(enum compression compression, const void *data, size_t length,
	const struct inflated *inflated)
{
	size_t got = 0;

	if (!inflate(compression, data, length, inflated, &got))
		return false;
	memset((uint8_t *)inflated->data + got, 0, inflated->room - got);
	return got >= inflated->minimum;
}
