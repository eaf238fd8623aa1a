/* Writing a .deb file (deb(5)): the same bytes for the same content. */
#pragma once

#include <stdint.h>

#include "base/memory.h"

/* A regular file of the package, mode 0644, root's. */
struct deb_file {
	const char *path; /* in the package: "boot/config-6.1"; the directories above are implied */
	int directory;    /* an open directory, and ... */
	const char *source; /* ... the path below it where the content lies */
};

struct deb_files {
	struct deb_file *items; /* sorted by path */
	size_t count, capacity;
};

/*
 * Writes it to `path`, beside it first. `control` are the fields of the control file, each a line;
 * Installed-Size and the sums of the files (md5sums) are added. `date` in seconds is the time of
 * everything in it.
 */
int deb_write(const char *path, const char *control, const struct deb_files *files, uint64_t date,
	struct error *err);
