/* An appliance: what a bundle is told of it beside its disk and its tree. All borrowed. */
#pragma once

#include <stdint.h>

struct appliance {
	const char *name;                        /* what its files are called: "web-1.0-amd64" */
	const char *product, *version, *summary; /* the recipe's; the summary may be NULL */
	const char *architecture;                /* Debian's name of it */
	uint64_t memory;                         /* bytes */
	unsigned processors;
};
