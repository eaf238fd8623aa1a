#include "spool.h"

#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/size.h"
#include "host-file.h"

/* Blocks whose places are kept together. */
enum { SPOOL_PIECE = 512 };

int spool_make(const char *beside, uint64_t blocks, struct spool *ret_spool, struct error *err)
{
	int fd;

	if (host_file_nameless(beside, &fd, err))
		return -1;
	*ret_spool = (struct spool){
		.fd = fd,
		.blocks = blocks,
		.pieces = xcalloc(divide_up(blocks, SPOOL_PIECE), sizeof(*ret_spool->pieces)),
	};
	return 0;
}

static struct spool_place place_of(const struct spool *spool, uint64_t number)
{
	const struct spool_place *piece = spool->pieces[number / SPOOL_PIECE];

	return piece ? piece[number % SPOOL_PIECE] : (struct spool_place){0};
}

int spool_put(
	struct spool *spool, uint64_t number, const void *data, uint32_t length, struct error *err)
{
	struct spool_place **piece = &spool->pieces[number / SPOOL_PIECE];

	if (file_write_at(spool->fd, spool->end, data, length, err))
		return -1;
	if (!*piece)
		*piece = xcalloc(SPOOL_PIECE, sizeof(**piece));
	(*piece)[number % SPOOL_PIECE] = (struct spool_place){spool->end, length};
	spool->end += length;
	return 0;
}

void spool_drop(struct spool *spool, uint64_t number)
{
	struct spool_place *piece = spool->pieces[number / SPOOL_PIECE];

	if (piece)
		piece[number % SPOOL_PIECE].length = 0;
}

uint32_t spool_length(const struct spool *spool, uint64_t number)
{
	return place_of(spool, number).length;
}

int spool_get(const struct spool *spool, uint64_t number, void *data, struct error *err)
{
	const struct spool_place place = place_of(spool, number);

	return file_read_at(spool->fd, place.at, data, place.length, err);
}

void spool_release(struct spool *spool)
{
	for (uint64_t i = 0; i < divide_up(spool->blocks, SPOOL_PIECE); i++)
		free(spool->pieces[i]);
	free(spool->pieces);
	close(spool->fd);
}
