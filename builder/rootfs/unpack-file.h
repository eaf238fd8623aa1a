/* Extracting one entry of a package below a root that it cannot leave. */
#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <stdbool.h>

#include "base/error.h"

/* Writes below a root directory; remembers the directory it wrote to last. */
struct extractor {
	int root;      /* borrowed */
	int directory; /* of the last entry; owned, -1: none */
	char *path;    /* of that directory; owned */
};

void extractor_release(struct extractor *extractor);
#define cleanup_extractor cleanup(extractor_release)

/*
 * Extracts the entry as `path`: mode, owner, time, content. Directories that exist stay as they
 * are, other files are left alone too: ret_exists says so. Links in the directories on the way are
 * followed inside the root only. Device nodes are refused.
 */
int extract_entry(struct extractor *extractor, struct archive *tar, struct archive_entry *entry,
	const char *path, bool *ret_exists, struct error *err);
