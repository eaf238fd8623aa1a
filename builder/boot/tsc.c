#include "tsc.h"

#include <stdint.h>
#include <time.h>

#ifdef __x86_64__

#include <x86intrin.h>

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC_RAW, &time);
	return (uint64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

unsigned tsc_khz(void)
{
	enum { PAUSE = 20 * 1000 * 1000 /* nanoseconds */ };
	uint64_t start = now(), first = __rdtsc();

	/* However long it is in the end: both ends are taken together. */
	nanosleep(&(struct timespec){.tv_nsec = PAUSE}, NULL);
	uint64_t last = __rdtsc(), end = now();
	return (last - first) * 1000000 / (end - start);
}

#else

unsigned tsc_khz(void)
{
	return 0;
}

#endif
