/*
 * Sparse files in GNU tar's old format ("Storing Sparse Files" in its manual):
 *
 *     header with the first 4 runs of data | blocks of 21 further ones each | the runs' data
 */
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/memory.h"
#include "base/size.h"
#include "host-file.h"
#include "tar-header.h"

enum { CHUNK = 256 * KIB, HEADER_RUNS = 4, BLOCK_RUNS = 21 };

struct run {
	char offset[12], length[12];
};

/* What is in place of a header's prefix. */
struct gnu_fields {
	char times[24], offset[12], names[4], unused;
	struct run runs[HEADER_RUNS];
	char more; /* 1: blocks follow */
	char whole_size[12], padding[17];
};
_Static_assert(offsetof(struct tar_fields, prefix) + sizeof(struct gnu_fields) == TAR_BLOCK,
	"the rest of a header");

struct more_runs {
	struct run runs[BLOCK_RUNS];
	char more; /* 1: another one follows */
	char padding[7];
};
_Static_assert(sizeof(struct more_runs) == TAR_BLOCK, "a block of runs");

struct data {
	uint64_t offset, length;
};

struct data_list {
	struct data *items;
	size_t count, capacity;
};

/* The last one is empty: it says where the file ends. */
static void find_data(int fd, uint64_t size, struct data_list *list)
{
	uint64_t length;

	for (uint64_t offset = 0; offset < size; offset += length)
		if (host_file_has_data(fd, offset, size - offset, &length))
			vector_push(list, ((struct data){offset, length}));
	vector_push(list, ((struct data){size, 0}));
}

/* What eleven octal digits cannot say is binary, marked by the first bit. */
static void put_number(char field[12], uint64_t number)
{
	if (tar_put_octal(field, 12, number))
		return;
	memset(field, 0, 12);
	for (size_t i = 12; number; number >>= 8)
		field[--i] = (char)(number & 0xff);
	field[0] = (char)0x80;
}

static void put_runs(struct run *runs, size_t room, const struct data_list *list, size_t first)
{
	for (size_t i = 0; i < room && first + i < list->count; i++) {
		put_number(runs[i].offset, list->items[first + i].offset);
		put_number(runs[i].length, list->items[first + i].length);
	}
}

static int write_header(struct output *output, const struct tar_member *member,
	const struct data_list *list, struct error *err)
{
	struct tar_fields header = {.type = 'S'};
	struct gnu_fields rest = {.more = list->count > HEADER_RUNS};
	uint64_t stored = 0;

	vector_for_each (data, list)
		stored += data->length;
	memcpy(header.name, member->path, strlen(member->path));
	TAR_OCTAL(header.mode, member->mode & 07777);
	TAR_OCTAL(header.uid, 0);
	TAR_OCTAL(header.gid, 0);
	TAR_OCTAL(header.time, (uint64_t)member->time);
	put_number(header.size, stored);
	put_number(rest.whole_size, member->size);
	put_runs(rest.runs, HEADER_RUNS, list, 0);
	memcpy(header.magic, "ustar  ", sizeof(header.magic) + sizeof(header.version));
	memcpy(header.prefix, &rest, sizeof(rest));
	tar_seal(&header);
	if (output_write(output, &header, sizeof(header), err))
		return -1;
	for (size_t first = HEADER_RUNS; first < list->count; first += BLOCK_RUNS) {
		struct more_runs block = {.more = list->count - first > BLOCK_RUNS};
		put_runs(block.runs, BLOCK_RUNS, list, first);
		if (output_write(output, &block, sizeof(block), err))
			return -1;
	}
	return 0;
}

static int write_data(
	struct output *output, int fd, const struct data *data, uint8_t *chunk, struct error *err)
{
	for (uint64_t done = 0, piece; done < data->length; done += piece) {
		piece = data->length - done < CHUNK ? data->length - done : CHUNK;
		if (interrupt_check(err) ||
			file_read_at(fd, data->offset + done, chunk, piece, err) ||
			output_write(output, chunk, piece, err))
			return -1;
	}
	return 0;
}

int tar_sparse(struct output *output, const char *path, int fd, uint64_t size, int64_t time,
	struct error *err)
{
	const struct tar_member member = {
		.path = path, .mode = S_IFREG | 0644, .size = size, .time = time};
	cleanup_free uint8_t *chunk = xmalloc(CHUNK);
	struct data_list list = {0};
	uint64_t stored = 0;

	find_data(fd, size, &list);
	int result = write_header(output, &member, &list, err);
	for (size_t i = 0; i < list.count && !result; i++) {
		result = write_data(output, fd, &list.items[i], chunk, err);
		stored += list.items[i].length;
	}
	vector_release(&list);
	return result ? -1 : tar_pad(output, stored, err);
}
