/*
 * A spool: blocks of any length, kept by their numbers in a file without a name, for formats that
 * must have them in order. A block that is put again leaves its old bytes behind.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct spool_place {
	uint64_t at;
	uint32_t length; /* 0: not there */
};

struct spool {
	int fd; /* owned */
	uint64_t end, blocks;
	struct spool_place **pieces; /* owned, each made when it is needed */
};

/* A spool for so many blocks on the file system of `beside`. */
int spool_make(const char *beside, uint64_t blocks, struct spool *ret_spool, struct error *err);
int spool_put(
	struct spool *spool, uint64_t number, const void *data, uint32_t length, struct error *err);
void spool_drop(struct spool *spool, uint64_t number);
/* The length of a block, 0 when it is not there. */
uint32_t spool_length(const struct spool *spool, uint64_t number);
/* Reads a block that is there. */
int spool_get(const struct spool *spool, uint64_t number, void *data, struct error *err);
void spool_release(struct spool *spool);
