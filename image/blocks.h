/*
 * What VDI, dynamic VHD and sparse VMDK have in common: the disk is kept as blocks of one size,
 * each of them anywhere in the file or nowhere. A block gets its place when it is first written,
 * at the end of the file, and keeps it; parts of it that were never written are holes.
 *
 * A driver embeds `struct blocks` first, takes the functions below for read, write, zero, has_data
 * and free, and itself only reads or writes the table of places.
 */
#pragma once

#include "disk.h"

/* Entries of an opened image's table that are held at a time. */
enum { BLOCKS_WINDOW = 512 };

struct blocks_window {
	uint32_t entries[BLOCKS_WINDOW]; /* as in the file */
	uint64_t at;                     /* their place in the file; 0: not read yet */
};

struct blocks {
	struct disk disk;
	int fd;        /* owned */
	uint32_t size; /* of a block, a power of two */
	uint32_t head; /* bytes that belong to the format before each block's data */
	/* Of a disk being created: where the next block goes. Of an opened one: the length of the
	 * file. */
	uint64_t end;
	/* Of a disk that was created: the place in the file of each block's data, 0: nowhere, in
	 * pieces of BLOCKS_WINDOW that are made when needed. Owned. */
	uint64_t **places;
	/* Of a disk that was opened: reads the place of a block's data, 0: zeros, from the table.
	 */
	int (*find)(struct blocks *blocks, uint64_t block, uint64_t *ret_place, struct error *err);
};

static inline struct blocks *blocks_of(struct disk *disk)
{
	return (struct blocks *)disk;
}

uint64_t blocks_count(const struct blocks *blocks);
/* Makes the file. `start`: where the first block's head goes. `blocks` has driver, size of the
 * disk, size and head of a block set. */
int blocks_create(struct blocks *blocks, const char *path, uint64_t start, struct error *err);
/* The place of a block of a disk that was created. */
uint64_t blocks_place(const struct blocks *blocks, uint64_t block);
/* Entry `index` of the table at byte `table` of an opened image, as it is in the file. */
int blocks_entry(int fd, struct blocks_window *window, uint64_t table, uint64_t index,
	uint32_t *ret_entry, struct error *err);

int blocks_read(struct disk *disk, uint64_t offset, void *data, uint64_t length, struct error *err);
int blocks_write(
	struct disk *disk, uint64_t offset, const void *data, uint64_t length, struct error *err);
int blocks_zero(struct disk *disk, uint64_t offset, uint64_t length, struct error *err);
bool blocks_has_data(struct disk *disk, uint64_t offset, uint64_t length, uint64_t *ret_length);
/* Frees the driver's struct as well. */
void blocks_free(struct disk *disk);
