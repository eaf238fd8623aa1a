/* A model of a disk: its bytes in memory, to which everything done to the disk is done as well. */
#pragma once

#include "image/disk.h"

struct model {
	uint8_t *bytes; /* owned */
	uint64_t size;
	uint64_t random; /* the state of a generator: every run sees the same numbers */
};

struct model model_make(uint64_t size);
void model_release(struct model *model);
#define cleanup_model cleanup(model_release)

/* A number below `limit`. */
uint64_t model_random(struct model *model, uint64_t limit);
/* Fills a part with bytes that are hardly ever zero. */
void model_scribble(struct model *model, uint64_t offset, uint64_t length);
/* Does `count` random writes, zeros and comparing reads to both; mostly short ones, some that reach
 * the end. */
void model_exercise(struct model *model, struct disk *disk, unsigned count);
/* Fails the test unless the disk has the model's size and bytes, and has_data hides none. */
void model_assert(const struct model *model, struct disk *disk);
/* The model as a raw file. */
void model_save(const struct model *model, const char *path);
