/*
 * An output: bytes written one after the other into a file, compressed on the way on all cores.
 *
 *     output_write -> hashed -> blocks -> compressed on all cores -> hashed -> file
 *
 * Each block becomes a whole frame of its format (a gzip member, an xz stream, a zstd frame): such
 * frames, one behind the other, are the format's own way to say more than one block. Little is in
 * memory at a time, however much is written.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "compress.h"

struct output;

/* What went in, or what came out. */
struct output_sum {
	uint64_t length;
	char sha256[HASH_TEXT];
};

struct output_options {
	int fd;      /* where to write; borrowed */
	uint64_t at; /* from this byte on */
	enum compression compression;
	bool sums; /* they are asked for in the end */
};

int output_new(const struct output_options *options, struct output **ret_output, struct error *err);
int output_write(struct output *output, const void *data, size_t length, struct error *err);
int output_zeros(struct output *output, uint64_t length, struct error *err);
/* Writes what is still in memory. Without `sums` the lengths are right, the hashes empty. */
int output_finish(struct output *output, struct output_sum *ret_in, struct output_sum *ret_out,
	struct error *err);
void output_free(struct output *output); /* NULL is fine */
static inline void output_cleanup(struct output **output)
{
	output_free(*output);
}
#define cleanup_output cleanup(output_cleanup)
