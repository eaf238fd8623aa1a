/*
 * Runs a fuzz target without libFuzzer: over each file of its corpus and over mutations of it, the
 * same ones each time. `make fuzz` searches on with libFuzzer; this keeps what it found from
 * coming back, and the targets from rotting.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "fuzz.h"

enum { MUTATIONS = 5000, INPUT_MAX = 1 << 20, GROWTH = 64 };

static uint64_t next_random(uint64_t *state) /* xorshift64 */
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Changes bytes, and now and then cuts the end off or doubles a piece. Gives the new length. */
static size_t mutate(uint8_t *data, size_t length, uint64_t *state)
{
	for (uint64_t changes = next_random(state) % 8; length && changes; changes--)
		data[next_random(state) % length] = (uint8_t)next_random(state);
	if (length && next_random(state) % 8 == 0)
		return next_random(state) % length;
	if (length > GROWTH && next_random(state) % 8 == 0) {
		size_t from = next_random(state) % (length - GROWTH);
		memmove(data + from + GROWTH, data + from, length - from);
		return length + GROWTH;
	}
	return length;
}

static void run_input(const struct buffer *input)
{
	cleanup_free uint8_t *data = xmalloc(input->length + GROWTH);
	uint64_t state = 0x9e3779b97f4a7c15 + input->length;

	for (unsigned i = 0; i <= MUTATIONS; i++) {
		memcpy(data, input->data, input->length);
		size_t length = i ? mutate(data, input->length, &state) : input->length;
		/* A block of exactly that size, so that sanitizers see reads beyond its end. */
		cleanup_free uint8_t *exact = xmalloc(length);
		memcpy(exact, data, length);
		LLVMFuzzerTestOneInput(exact, length);
	}
}

int main(int argc, char **argv)
{
	struct error err = {0};
	int directory = argc == 2 ? open(argv[1], O_RDONLY | O_DIRECTORY) : -1;
	cleanup_directory DIR *corpus = directory < 0 ? NULL : fdopendir(directory);
	unsigned inputs = 0;

	if (!corpus) {
		fprintf(stderr, "usage: %s CORPUS-DIRECTORY\n", argv[0]);
		return 2;
	}
	for (struct dirent *entry; (entry = readdir(corpus));) {
		cleanup_buffer struct buffer input = {0};
		if (entry->d_name[0] == '.')
			continue;
		if (file_read(directory, entry->d_name, INPUT_MAX, &input, &err)) {
			fprintf(stderr, "%s\n", err.message);
			return 1;
		}
		printf("%s\n", entry->d_name);
		fflush(stdout);
		run_input(&input);
		inputs++;
	}
	printf("%u inputs, each with %d mutations\n", inputs, MUTATIONS);
	return inputs ? 0 : 1;
}
