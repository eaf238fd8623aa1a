/*
 * What compressed formats are written through: any writes in, whole compressed blocks out.
 *
 *     write -> window -> compressed on all cores -> put, block by block
 *
 * A format says where it puts a compressed block, and how it finds it again. Puts come on the
 * caller's thread, in an order that depends on the writes alone.
 */
#pragma once

#include "compress-pool.h"
#include "write-window.h"

struct packer;

struct packer_options {
	enum compression compression;
	unsigned level;      /* 0: the usual one */
	uint32_t size, room; /* of a block, and of what it may become */
	int (*put)(void *context, const struct compressed *block, struct error *err);
	/* The block is all zeros from now on. */
	int (*drop)(void *context, uint64_t number, struct error *err);
	/* What was put last, inflated; zeros after a drop or where nothing was put. */
	int (*load)(void *context, uint64_t number, uint8_t *data, struct error *err);
	void *context;
};

int packer_new(const struct packer_options *options, struct packer **ret_packer, struct error *err);
int packer_read(
	struct packer *packer, uint64_t offset, void *data, uint64_t length, struct error *err);
int packer_write(struct packer *packer, uint64_t offset, const void *data, uint64_t length,
	struct error *err); /* `data` NULL: zeros */
/* Puts all that was written. */
int packer_flush(struct packer *packer, struct error *err);
void packer_free(struct packer *packer); /* NULL is fine */
