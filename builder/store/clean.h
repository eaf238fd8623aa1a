/* What the store holds, and cleaning it: the least recently used first, never what a build uses. */
#pragma once

#include "store/store.h"

struct store_entry {
	enum store_room room;
	bool tree;     /* a layer; else a file */
	char *name;    /* in the room; owned */
	uint64_t size; /* bytes on the disk */
	int64_t used;  /* last, in seconds since 1970 */
};

/* Zero-initialized is empty. */
struct store_entries {
	struct store_entry *items; /* by last use, the oldest first */
	size_t count, capacity;
};

/* `rooms` has the bits 1 << enum store_room. What belongs to subordinate ids
 * can be measured and removed inside sandbox_enter() only. */
int store_list(const struct store *store, unsigned rooms, struct store_entries *ret_entries,
	struct error *err);
void store_entries_release(struct store_entries *entries);
#define cleanup_store_entries cleanup(store_entries_release)

struct store_cleaning {
	unsigned rooms;
	int64_t unused_since; /* entries used later are kept */
	/* Once the rooms together hold no more than this, the rest is kept. 0: everything goes. */
	uint64_t max_size;
};

struct store_cleaned {
	size_t removed, in_use;
	uint64_t size; /* bytes removed */
};

/* An entry that cannot be removed is left, with a warning. */
int store_clean(const struct store *store, const struct store_cleaning *cleaning,
	struct store_cleaned *ret_cleaned, struct error *err);
