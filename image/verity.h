/*
 * dm-verity's hash tree (Linux, Documentation/admin-guide/device-mapper/verity.rst, hash type 1):
 * each block of hashes holds those of 128 blocks of the level below, the lowest those of the data.
 *
 *     +------------+----------+-------------+-----+--------------------+
 *     | superblock | top      | level below | ... | hashes of the data |
 *     +------------+----------+-------------+-----+--------------------+
 *
 * The hash of the top block, the root hash, stands for every byte of the data.
 */
#pragma once

#include "base/hash.h"
#include "uuid.h"

enum { VERITY_BLOCK = 4096 };

struct verity {
	uint64_t blocks; /* of data, and of the file with the hashes */
	uint64_t hash_blocks;
	char salt[HASH_TEXT];
	char root_hash[HASH_TEXT];
};

/* Hashes the file `data`, whose last block is filled up with zeros, into the new file `hashes`. The
 * salt follows from the seed. */
int verity_make(const char *data, const char *hashes, const char *seed, struct verity *ret_verity,
	struct error *err);
/* What device-mapper is told: a table of one line. The devices are named as the kernel does, owned
 * by the caller. */
char *verity_table(const struct verity *verity, const char *data, const char *hashes);
