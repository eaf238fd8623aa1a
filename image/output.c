#include "output.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/size.h"
#include "compress-pool.h"

/* What has passed a point. */
struct meter {
	struct hash hash;
	uint64_t length;
};

struct output {
	struct output_options options;
	uint8_t *block; /* that is being filled; owned */
	size_t size, filled;
	struct compress_pool *pool; /* of whole blocks; NULL: nothing is compressed; owned */
	struct meter in, out;
};

/* The larger a block, the better it compresses: gzip looks back 32 KiB only, xz 8 MiB. */
static size_t block_size(enum compression compression)
{
	switch (compression) {
	case COMPRESSION_XZ:
		return 8 * MIB;
	case COMPRESSION_ZSTD:
		return 4 * MIB;
	default:
		return MIB;
	}
}

static void meter_add(
	const struct output *output, struct meter *meter, const void *data, size_t length)
{
	if (output->options.sums)
		hash_update(&meter->hash, data, length);
	meter->length += length;
}

static void meter_read(const struct output *output, struct meter *meter, struct output_sum *ret_sum)
{
	*ret_sum = (struct output_sum){.length = meter->length};
	if (output->options.sums)
		hash_finish(&meter->hash, ret_sum->sha256);
}

static int put(struct output *output, const void *data, size_t length, struct error *err)
{
	uint64_t at = output->options.at + output->out.length;

	if (file_write_at(output->options.fd, at, data, length, err))
		return -1;
	meter_add(output, &output->out, data, length);
	return 0;
}

static int put_compressed(void *context, const struct compressed *block, struct error *err)
{
	return put(context, block->result, block->length, err);
}

int output_new(const struct output_options *options, struct output **ret_output, struct error *err)
{
	cleanup_output struct output *output = xcalloc(1, sizeof(*output));
	size_t size = block_size(options->compression);
	const struct compress_pool_options pool = {
		.compression = options->compression,
		.size = size,
		.room = compression_bound(options->compression, size),
		.sink = put_compressed,
		.context = output,
	};

	*output = (struct output){.options = *options, .size = size};
	if (options->compression && compress_pool_new(&pool, &output->pool, err))
		return -1;
	output->block = xmalloc(output->size);
	hash_init(&output->in.hash);
	hash_init(&output->out.hash);
	*ret_output = steal_pointer(&output);
	return 0;
}

/* The block is full. */
static int pass_block(struct output *output, struct error *err)
{
	output->filled = 0;
	if (output->pool)
		return compress_pool_add(output->pool, 0, output->block, err);
	return put(output, output->block, output->size, err);
}

int output_write(struct output *output, const void *data, size_t length, struct error *err)
{
	const uint8_t *bytes = data;

	meter_add(output, &output->in, data, length);
	while (length) {
		size_t room = output->size - output->filled, piece = length < room ? length : room;
		memcpy(output->block + output->filled, bytes, piece);
		output->filled += piece;
		bytes += piece;
		length -= piece;
		if (output->filled == output->size && pass_block(output, err))
			return -1;
	}
	return 0;
}

int output_zeros(struct output *output, uint64_t length, struct error *err)
{
	static const uint8_t zeros[4096];

	for (size_t piece; length; length -= piece) {
		piece = length < sizeof(zeros) ? length : sizeof(zeros);
		if (output_write(output, zeros, piece, err))
			return -1;
	}
	return 0;
}

/* The pool takes whole blocks: the last one, which is shorter, is compressed here. */
static int put_last(struct output *output, struct error *err)
{
	if (!output->pool)
		return put(output, output->block, output->filled, err);
	if (compress_pool_drain(output->pool, err))
		return -1;
	if (!output->filled && output->in.length)
		return 0;
	size_t room = compression_bound(output->options.compression, output->filled);
	cleanup_free uint8_t *result = xmalloc(room);
	struct compressor *compressor =
		compressor_new(output->options.compression, 0, output->filled);
	size_t length = compressor_run(compressor, output->block, output->filled, result, room);
	compressor_free(compressor);
	return put(output, result, length, err);
}

int output_finish(struct output *output, struct output_sum *ret_in, struct output_sum *ret_out,
	struct error *err)
{
	if (put_last(output, err))
		return -1;
	meter_read(output, &output->in, ret_in);
	meter_read(output, &output->out, ret_out);
	return 0;
}

void output_free(struct output *output)
{
	if (!output)
		return;
	compress_pool_free(output->pool);
	free(output->block);
	free(output);
}
