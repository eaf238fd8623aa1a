/* Room on file systems. */
#pragma once

#include <stdint.h>

#include "error.h"

/* Fails when the file system of a directory (an absolute path) has less than `bytes` left for an
 * ordinary user; the error says how much it has and which it is. */
int space_check(const char *directory, uint64_t bytes, struct error *err);
