/* What this host has: processors and memory. */
#pragma once

#include <stdint.h>

/* How many this process may run on; at least 1. */
unsigned processors_usable(void);
/* Bytes of memory that are free or can be freed (proc(5), MemAvailable); 0: unknown. */
uint64_t memory_available(void);
