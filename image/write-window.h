/*
 * A window between a disk that is written in any order, a few bytes at a time, and a store of whole
 * blocks for which writing a block is dear, or final: compressed images.
 *
 * The blocks that were written last are kept in memory, until others push them out, least recently
 * written first; then the store gets them. A file system writer comes back to its tables again and
 * again, but to file data never: nearly every block is stored once. One that is written again
 * afterwards is loaded, and stored anew.
 */
#pragma once

#include <stdint.h>

#include "base/error.h"

struct write_window;

/* What is behind the window. Blocks are counted from the start of the disk. */
struct block_store {
	uint32_t size; /* of a block, bytes */
	/* The whole block, zeros where nothing was stored yet. */
	int (*load)(void *context, uint64_t block, uint8_t *data, struct error *err);
	/* `data` NULL: all zeros. */
	int (*store)(void *context, uint64_t block, const uint8_t *data, struct error *err);
	void *context;
};

struct write_window *write_window_new(const struct block_store *store);
int write_window_read(struct write_window *window, uint64_t offset, void *data, uint64_t length,
	struct error *err);
/* `data` NULL: zeros. */
int write_window_write(struct write_window *window, uint64_t offset, const void *data,
	uint64_t length, struct error *err);
/* Stores all that is kept, by ascending block. */
int write_window_flush(struct write_window *window, struct error *err);
void write_window_free(struct write_window *window); /* NULL is fine */
