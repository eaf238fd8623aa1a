/* What every fuzz target includes: libFuzzer's entry point, and inputs as files. */
#pragma once

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The path of a file that holds the input, until the next call. */
const char *input_file(const uint8_t *data, size_t size);

struct image_tree;
/* Reads what a tree holds, as much of it as a short while allows; aborts when it is not what a tree
 * must be. */
void read_tree(struct image_tree *tree);

/* What a target of a filesystem does: opens the input, of `least` bytes and more, once `seal` has
 * set right in it what is to be looked behind, and reads its tree. */
int fuzz_filesystem(
	const uint8_t *data, size_t size, size_t least, void (*seal)(uint8_t *bytes, size_t size));
