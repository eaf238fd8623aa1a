#include "write-window.h"

#include <stdbool.h>
#include <string.h>

#include "base/interrupt.h"
#include "base/memory.h"
#include "base/size.h"
#include "zeros.h"

enum { MEMORY = 64 * MIB, SLOTS_MIN = 16, SLOTS_MAX = 4096 };

/* A place for a block, in two lists: of those with the same hash, and of all, by when they were
 * last used. */
struct slot {
	uint64_t block;
	bool used, dirty;
	uint8_t *data; /* owned; made when first needed */
	struct slot *same_hash;
	struct slot *older, *newer;
};

struct write_window {
	struct block_store store;
	struct slot *slots, **hashes; /* owned */
	size_t count;                 /* of slots and of hashes, a power of two */
	struct slot oldest_end;       /* its `newer` is the oldest, its `older` the newest */
};

static struct slot **hash_of(struct write_window *window, uint64_t block)
{
	return &window->hashes[block & (window->count - 1)];
}

static void unlink_age(struct slot *slot)
{
	slot->older->newer = slot->newer;
	slot->newer->older = slot->older;
}

static void link_newest(struct write_window *window, struct slot *slot)
{
	struct slot *end = &window->oldest_end;

	slot->older = end->older;
	slot->newer = end;
	slot->older->newer = slot;
	end->older = slot;
}

static void link_oldest(struct write_window *window, struct slot *slot)
{
	struct slot *end = &window->oldest_end;

	slot->newer = end->newer;
	slot->older = end;
	slot->newer->older = slot;
	end->newer = slot;
}

struct write_window *write_window_new(const struct block_store *store)
{
	struct write_window *window = xcalloc(1, sizeof(*window));
	struct slot *end = &window->oldest_end;

	window->store = *store;
	window->count = SLOTS_MAX;
	while (window->count > SLOTS_MIN && window->count * store->size > MEMORY)
		window->count /= 2;
	window->slots = xcalloc(window->count, sizeof(*window->slots));
	window->hashes = xcalloc(window->count, sizeof(*window->hashes));
	end->older = end->newer = end;
	for (size_t i = 0; i < window->count; i++)
		link_oldest(window, &window->slots[i]);
	return window;
}

static struct slot *find(struct write_window *window, uint64_t block)
{
	struct slot *slot = *hash_of(window, block);

	while (slot && slot->block != block)
		slot = slot->same_hash;
	return slot;
}

/* The slot becomes the first to be taken again. */
static void forget(struct write_window *window, struct slot *slot)
{
	struct slot **at = hash_of(window, slot->block);

	while (*at != slot)
		at = &(*at)->same_hash;
	*at = slot->same_hash;
	slot->used = slot->dirty = false;
	unlink_age(slot);
	link_oldest(window, slot);
}

static int put_out(struct write_window *window, struct slot *slot, struct error *err)
{
	const struct block_store *store = &window->store;

	if (slot->dirty) {
		const uint8_t *data = is_zeros(slot->data, store->size) ? NULL : slot->data;
		if (interrupt_check(err) || store->store(store->context, slot->block, data, err))
			return -1;
	}
	forget(window, slot);
	return 0;
}

/* Gives the block a slot, with its bytes unless all of them will be written. */
static int take_in(struct write_window *window, uint64_t block, bool fill, struct slot **ret_slot,
	struct error *err)
{
	const struct block_store *store = &window->store;
	struct slot *slot = window->oldest_end.newer;

	/* It stays the oldest. */
	if (slot->used && put_out(window, slot, err))
		return -1;
	if (!slot->data)
		slot->data = xmalloc(store->size);
	if (fill && store->load(store->context, block, slot->data, err))
		return -1;
	struct slot **hash = hash_of(window, block);
	slot->block = block;
	slot->used = true;
	slot->same_hash = *hash;
	*hash = slot;
	*ret_slot = slot;
	return 0;
}

/* Finds the block's slot, or gives it one; it is the newest then. */
static int touch(struct write_window *window, uint64_t block, bool fill, struct slot **ret_slot,
	struct error *err)
{
	struct slot *slot = find(window, block);

	if (!slot && take_in(window, block, fill, &slot, err))
		return -1;
	unlink_age(slot);
	link_newest(window, slot);
	*ret_slot = slot;
	return 0;
}

/* The part of a range that lies in the block of its first byte. */
static uint64_t piece_of(const struct write_window *window, uint64_t offset, uint64_t length)
{
	uint64_t rest = window->store.size - offset % window->store.size;

	return length < rest ? length : rest;
}

static int read_piece(struct write_window *window, uint64_t offset, void *data, uint64_t length,
	struct error *err)
{
	const struct block_store *store = &window->store;
	uint64_t block = offset / store->size, inside = offset % store->size;
	struct slot *slot;

	if (length == store->size && !find(window, block))
		return store->load(store->context, block, data, err);
	if (touch(window, block, true, &slot, err))
		return -1;
	memcpy(data, slot->data + inside, length);
	return 0;
}

int write_window_read(struct write_window *window, uint64_t offset, void *data, uint64_t length,
	struct error *err)
{
	uint8_t *bytes = data;

	for (uint64_t piece; length; offset += piece, bytes += piece, length -= piece) {
		piece = piece_of(window, offset, length);
		if (read_piece(window, offset, bytes, piece, err))
			return -1;
	}
	return 0;
}

static int write_piece(struct write_window *window, uint64_t offset, const void *data,
	uint64_t length, struct error *err)
{
	const struct block_store *store = &window->store;
	uint64_t block = offset / store->size, inside = offset % store->size;
	struct slot *slot;
	bool whole = length == store->size;

	if (!data && whole) {
		slot = find(window, block);
		if (slot)
			forget(window, slot);
		return store->store(store->context, block, NULL, err);
	}
	if (touch(window, block, !whole, &slot, err))
		return -1;
	slot->dirty = true;
	if (data)
		memcpy(slot->data + inside, data, length);
	else
		memset(slot->data + inside, 0, length);
	return 0;
}

int write_window_write(struct write_window *window, uint64_t offset, const void *data,
	uint64_t length, struct error *err)
{
	const uint8_t *bytes = data;

	for (uint64_t piece; length; offset += piece, length -= piece) {
		piece = piece_of(window, offset, length);
		if (write_piece(window, offset, bytes, piece, err))
			return -1;
		if (bytes)
			bytes += piece;
	}
	return 0;
}

static int by_block(const void *a, const void *b)
{
	const struct slot *const *first = a, *const *second = b;

	return (*first)->block < (*second)->block ? -1 : 1;
}

int write_window_flush(struct write_window *window, struct error *err)
{
	struct slot **used = xcalloc(window->count, sizeof(struct slot *));
	size_t count = 0;
	int result = 0;

	for (size_t i = 0; i < window->count; i++)
		if (window->slots[i].used)
			used[count++] = &window->slots[i];
	qsort(used, count, sizeof(*used), by_block);
	for (size_t i = 0; i < count && !result; i++)
		result = put_out(window, used[i], err);
	free(used);
	return result;
}

void write_window_free(struct write_window *window)
{
	if (!window)
		return;
	for (size_t i = 0; i < window->count; i++)
		free(window->slots[i].data);
	free(window->slots);
	free(window->hashes);
	free(window);
}
