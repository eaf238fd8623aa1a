/* What every fuzz target includes: libFuzzer's entry point, and inputs as files. */
#pragma once

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The path of a file that holds the input, until the next call. */
const char *input_file(const uint8_t *data, size_t size);
