/*
 * Blocks compressed on all cores: they come out in the order in which they went in, whichever
 * thread is done first, so that what is made of them is the same each time.
 *
 *     compress_pool_add() -> ring of jobs -> threads
 *                                 |
 *                                 +-> sink, on the thread that adds
 *
 * The ring is short: adding to a full one waits for its oldest job, and hands it to the sink.
 */
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "compress.h"

struct compress_pool;

/* A block that was compressed, and what it was before. */
struct compressed {
	uint64_t number; /* as it was given */
	const uint8_t *data;
	const uint8_t *result;
	size_t length; /* of the result; 0: it did not fit the room */
};

struct compress_pool_options {
	enum compression compression;
	unsigned level;      /* 0: the usual one */
	uint32_t size, room; /* of a block before, and at most afterwards */
	int (*sink)(void *context, const struct compressed *block, struct error *err);
	void *context;
};

int compress_pool_new(const struct compress_pool_options *options, struct compress_pool **ret_pool,
	struct error *err);
/* Copies the block. An error is the sink's, of this block or of one before it; afterwards only
 * compress_pool_free() is of use. */
int compress_pool_add(
	struct compress_pool *pool, uint64_t number, const uint8_t *data, struct error *err);
/* Whether a block of that number has not gone to the sink yet. */
bool compress_pool_holds(const struct compress_pool *pool, uint64_t number);
/* Waits until all that was added has gone to the sink. */
int compress_pool_drain(struct compress_pool *pool, struct error *err);
/* What is still in the ring is dropped. NULL is fine. */
void compress_pool_free(struct compress_pool *pool);
