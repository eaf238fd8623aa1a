#include "blocks.h"

#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/size.h"
#include "host-file.h"

uint64_t blocks_count(const struct blocks *blocks)
{
	return divide_up(blocks->disk.size, blocks->size);
}

int blocks_create(struct blocks *blocks, const char *path, uint64_t start, struct error *err)
{
	if (host_file_create(path, 0, &blocks->fd, err))
		return -1;
	blocks->disk.block = HOST_FILE_BLOCK;
	blocks->disk.writable = true;
	blocks->end = start;
	blocks->places =
		xcalloc(divide_up(blocks_count(blocks), BLOCKS_WINDOW), sizeof(*blocks->places));
	return 0;
}

uint64_t blocks_place(const struct blocks *blocks, uint64_t block)
{
	const uint64_t *places = blocks->places[block / BLOCKS_WINDOW];

	return places ? places[block % BLOCKS_WINDOW] : 0;
}

int blocks_entry(int fd, struct blocks_window *window, uint64_t table, uint64_t index,
	uint32_t *ret_entry, struct error *err)
{
	uint64_t at = table + index / BLOCKS_WINDOW * sizeof(window->entries);

	if (window->at != at) {
		window->at = 0;
		if (host_file_read(fd, at, window->entries, sizeof(window->entries), err))
			return -1;
		window->at = at;
	}
	*ret_entry = window->entries[index % BLOCKS_WINDOW];
	return 0;
}

/* The file's byte that holds the disk's byte `offset`, 0: it is zero; and for how many bytes of
 * the `length` that holds. */
static int find(struct blocks *blocks, uint64_t offset, uint64_t length, uint64_t *ret_host,
	uint64_t *ret_length, struct error *err)
{
	uint64_t inside = offset % blocks->size, rest = blocks->size - inside, place = 0;

	if (blocks->places)
		place = blocks_place(blocks, offset / blocks->size);
	else if (blocks->find(blocks, offset / blocks->size, &place, err))
		return error_wrap(
			err, "the place of the disk's byte 0x%llx", (unsigned long long)offset);
	if (place >= blocks->end)
		return error_set(err, STATUS_FAILED,
			"the disk's byte 0x%llx is said to be at byte 0x%llx: behind the end of "
			"the file of %llu bytes",
			(unsigned long long)offset, (unsigned long long)place,
			(unsigned long long)blocks->end);
	*ret_host = place ? place + inside : 0;
	*ret_length = length < rest ? length : rest;
	return 0;
}

/* Gives a block its place. */
static uint64_t allocate(struct blocks *blocks, uint64_t block)
{
	uint64_t **places = &blocks->places[block / BLOCKS_WINDOW];
	uint64_t place = blocks->end + blocks->head;

	if (!*places)
		*places = xcalloc(BLOCKS_WINDOW, sizeof(**places));
	(*places)[block % BLOCKS_WINDOW] = place;
	blocks->end = place + blocks->size;
	return place;
}

int blocks_read(struct disk *disk, uint64_t offset, void *data, uint64_t length, struct error *err)
{
	struct blocks *blocks = blocks_of(disk);
	uint8_t *bytes = data;

	for (uint64_t piece, host; length; offset += piece, bytes += piece, length -= piece) {
		if (find(blocks, offset, length, &host, &piece, err))
			return -1;
		if (!host)
			memset(bytes, 0, piece);
		else if (host_file_read(blocks->fd, host, bytes, piece, err))
			return -1;
	}
	return 0;
}

int blocks_write(
	struct disk *disk, uint64_t offset, const void *data, uint64_t length, struct error *err)
{
	struct blocks *blocks = blocks_of(disk);
	const uint8_t *bytes = data;

	for (uint64_t piece, host; length; offset += piece, bytes += piece, length -= piece) {
		if (find(blocks, offset, length, &host, &piece, err))
			return -1;
		if (!host)
			host = allocate(blocks, offset / blocks->size) + offset % blocks->size;
		if (file_write_at(blocks->fd, host, bytes, piece, err))
			return -1;
	}
	return 0;
}

int blocks_zero(struct disk *disk, uint64_t offset, uint64_t length, struct error *err)
{
	struct blocks *blocks = blocks_of(disk);

	for (uint64_t piece, host; length; offset += piece, length -= piece)
		if (find(blocks, offset, length, &host, &piece, err) ||
			(host && host_file_zero(blocks->fd, host, piece, err)))
			return -1;
	return 0;
}

bool blocks_has_data(struct disk *disk, uint64_t offset, uint64_t length, uint64_t *ret_length)
{
	struct blocks *blocks = blocks_of(disk);
	struct error ignored = {0};
	uint64_t done = 0, piece = 0, host = 0;

	for (; done < length && !host; done += host ? 0 : piece)
		if (find(blocks, offset + done, length - done, &host, &piece, &ignored))
			break;
	error_release(&ignored);
	if (!done && host)
		return host_file_has_data(blocks->fd, host, piece, ret_length);
	/* Where there is an error, reading will tell. */
	*ret_length = done ? done : length;
	return !done;
}

void blocks_free(struct disk *disk)
{
	struct blocks *blocks = blocks_of(disk);
	uint64_t pieces = divide_up(blocks_count(blocks), BLOCKS_WINDOW);

	for (uint64_t i = 0; blocks->places && i < pieces; i++)
		free(blocks->places[i]);
	free(blocks->places);
	if (blocks->fd >= 0)
		close(blocks->fd);
	free(blocks);
}
