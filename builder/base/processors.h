/* Processors. */
#pragma once

/* How many this process may run on; at least 1. */
unsigned processors_usable(void);
