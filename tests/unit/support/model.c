#include "model.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/size.h"
#include "scratch.h"

struct model model_make(uint64_t size)
{
	return (struct model){
		.bytes = xcalloc(size, 1), .size = size, .random = 0x9e3779b97f4a7c15};
}

void model_release(struct model *model)
{
	free(model->bytes);
	model->bytes = NULL;
}

uint64_t model_random(struct model *model, uint64_t limit)
{
	/* xorshift64 */
	model->random ^= model->random << 13;
	model->random ^= model->random >> 7;
	model->random ^= model->random << 17;
	return model->random % limit;
}

void model_scribble(struct model *model, uint64_t offset, uint64_t length)
{
	for (uint64_t i = offset; i < offset + length; i++)
		model->bytes[i] = model_random(model, 256);
}

/* A place of interest for most formats: at, just before or just after a round number. */
static uint64_t random_edge(struct model *model)
{
	uint64_t edge = model_random(model, model->size);

	if (model_random(model, 2))
		edge = edge >> 12 << 12;
	if (!model_random(model, 4))
		edge = edge >> 16 << 16;
	return edge;
}

static void do_one(struct model *model, struct disk *disk)
{
	uint64_t start = random_edge(model), end = random_edge(model);
	struct error err = {0};

	if (!model_random(model, 16))
		end = model->size;
	if (end < start || (end - start > 300 * KIB && model_random(model, 8)))
		end = start + model_random(model, 20000);
	if (end > model->size)
		end = model->size;
	uint64_t length = end - start;
	switch (model_random(model, 5)) {
	case 0:
		memset(model->bytes + start, 0, length);
		assert_fine(disk_zero(disk, start, length, &err), &err);
		break;
	case 1:
		memset(model->bytes + start, 0, length);
		assert_fine(disk_write(disk, start, model->bytes + start, length, &err), &err);
		break;
	case 2: {
		cleanup_free uint8_t *data = xmalloc(length);
		assert_fine(disk_read(disk, start, data, length, &err), &err);
		assert_memory_equal(data, model->bytes + start, length);
		break;
	}
	default:
		/* All of it, or with an old part in the middle that may be zeros. */
		model_scribble(model, start, model_random(model, 2) ? length : length / 3);
		assert_fine(disk_write(disk, start, model->bytes + start, length, &err), &err);
	}
}

void model_exercise(struct model *model, struct disk *disk, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		do_one(model, disk);
}

void model_assert(const struct model *model, struct disk *disk)
{
	enum { PIECE = 100000 };
	cleanup_free uint8_t *data = xmalloc(PIECE);
	struct error err = {0};

	assert_int_equal(disk->size, model->size);
	for (uint64_t at = 0, length; at < model->size; at += length) {
		length = model->size - at < PIECE ? model->size - at : PIECE;
		assert_fine(disk_read(disk, at, data, length, &err), &err);
		assert_memory_equal(data, model->bytes + at, length);
	}
	for (uint64_t at = 0, run; at < model->size; at += run) {
		bool filled = disk_has_data(disk, at, model->size - at, &run);
		assert_in_range(run, 1, model->size - at);
		for (uint64_t i = 0; !filled && i < run; i++)
			assert_int_equal(model->bytes[at + i], 0);
	}
}

void model_save(const struct model *model, const char *path)
{
	struct error err = {0};

	assert_fine(file_write(AT_FDCWD, path, model->bytes, model->size, 0644, &err), &err);
}
