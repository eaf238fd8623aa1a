#include "packer.h"

#include "base/memory.h"

struct packer {
	struct packer_options options;
	struct write_window *window; /* owned */
	struct compress_pool *pool;  /* owned */
};

/* Waits for what was stored of a block before, so that it is not put later. */
static int settle(struct packer *packer, uint64_t block, struct error *err)
{
	return compress_pool_holds(packer->pool, block) ? compress_pool_drain(packer->pool, err)
							: 0;
}

static int load(void *context, uint64_t block, uint8_t *data, struct error *err)
{
	struct packer *packer = context;

	if (settle(packer, block, err))
		return -1;
	return packer->options.load(packer->options.context, block, data, err);
}

static int store(void *context, uint64_t block, const uint8_t *data, struct error *err)
{
	struct packer *packer = context;

	if (data)
		return compress_pool_add(packer->pool, block, data, err);
	if (settle(packer, block, err))
		return -1;
	return packer->options.drop(packer->options.context, block, err);
}

int packer_new(const struct packer_options *options, struct packer **ret_packer, struct error *err)
{
	struct packer *packer = xcalloc(1, sizeof(*packer));
	const struct block_store blocks = {
		.size = options->size, .load = load, .store = store, .context = packer};
	const struct compress_pool_options pool = {.compression = options->compression,
		.level = options->level,
		.size = options->size,
		.room = options->room,
		.sink = options->put,
		.context = options->context};

	packer->options = *options;
	if (compress_pool_new(&pool, &packer->pool, err)) {
		free(packer);
		return -1;
	}
	packer->window = write_window_new(&blocks);
	*ret_packer = packer;
	return 0;
}

int packer_read(
	struct packer *packer, uint64_t offset, void *data, uint64_t length, struct error *err)
{
	return write_window_read(packer->window, offset, data, length, err);
}

int packer_write(struct packer *packer, uint64_t offset, const void *data, uint64_t length,
	struct error *err)
{
	return write_window_write(packer->window, offset, data, length, err);
}

int packer_flush(struct packer *packer, struct error *err)
{
	if (write_window_flush(packer->window, err))
		return -1;
	return compress_pool_drain(packer->pool, err);
}

void packer_free(struct packer *packer)
{
	if (!packer)
		return;
	write_window_free(packer->window);
	compress_pool_free(packer->pool);
	free(packer);
}
