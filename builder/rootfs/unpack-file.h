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

/* Opens the directory that holds `path` (as extractor->directory), following links inside the root
 * only, and gives the path's last part. */
int extractor_enter(
	struct extractor *extractor, const char *path, const char **ret_name, struct error *err);

/*
 * Extracts a directory, regular file or pipe as `path`: mode, owner, time, content. What exists is
 * left as it is: ret_exists says so. Others, device nodes among them, are refused.
 */
int extract_entry(struct extractor *extractor, struct archive *tar, struct archive_entry *entry,
	const char *path, bool *ret_exists, struct error *err);
