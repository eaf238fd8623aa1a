#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Whether all bytes, of which there is at least one, are zero. They are compared with themselves,
 * one further on: memcmp is the fastest loop at hand, and it stops at the first that differs. */
static inline bool is_zeros(const void *data, size_t length)
{
	const unsigned char *bytes = data;

	return !bytes[0] && !memcmp(bytes, bytes + 1, length - 1);
}
