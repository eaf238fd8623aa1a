/* Sizes in bytes ("4G", "512K", "1.5M", "100") and durations in milliseconds ("60s", "2m",
 * "500ms"). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { KIB = 1024, MIB = 1024 * 1024 };
#define GIB (1024ull * MIB)

/* Suffixes K M G T are powers of 1024. False when the text is no size or does not fit 63 bits. */
bool size_parse(const char *text, uint64_t *ret_bytes);
/* Suffixes ms s m h; a bare number is seconds. False when the text is no duration. */
bool duration_parse(const char *text, uint64_t *ret_milliseconds);
/* "1.4 GiB", "512 KiB", "17 B" into `text`, which it also returns. */
const char *size_format(uint64_t bytes, char *text, size_t size);

static inline uint64_t round_up(uint64_t value, uint64_t multiple)
{
	return (value + multiple - 1) / multiple * multiple;
}

static inline uint64_t divide_up(uint64_t value, uint64_t by)
{
	return value / by + (value % by != 0);
}
