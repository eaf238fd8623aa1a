/* The clock that time limits are kept by. */
#pragma once

#include <stdint.h>
#include <time.h>

/* Milliseconds since some fixed point in the past. */
static inline uint64_t clock_now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000ull + time.tv_nsec / 1000000;
}

/* How long it is until a moment of that clock; 0 when it has passed. */
static inline uint64_t clock_until(uint64_t deadline)
{
	uint64_t now = clock_now();

	return deadline > now ? deadline - now : 0;
}

/* The same as a time to poll() for: short enough that an interrupt which came just before it is
 * noticed. */
static inline int clock_poll(uint64_t deadline)
{
	uint64_t left = clock_until(deadline);

	return left < 200 ? (int)left : 200;
}
