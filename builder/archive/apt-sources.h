/* The host's own apt sources: /etc/apt/sources.list and sources.list.d/ in both forms
 * (sources.list(5)). Only binary packages of component main count, over http, https or file. */
#pragma once

#include "base/memory.h"

struct apt_source {
	const char *uri;       /* without a slash at its end */
	const char *suite;     /* "bookworm-updates" */
	const char *signed_by; /* path of a keyring; NULL: not said */
};

struct apt_sources {
	struct apt_source *items;
	size_t count, capacity;
};

/* Reads them from a directory like /etc/apt. Files that are not there, or that apt itself would
 * refuse, add nothing. Strings live in the arena, the list is the caller's. */
void apt_sources_read(const char *directory, struct arena *arena, struct apt_sources *ret_sources);
