/*
 * Directories that are fresh for every run. Where nothing can be mounted over them, what a run
 * leaves in them goes afterwards, and they get their times back, so that the tree is the same as
 * from the other modes.
 */
#pragma once

#include <stdbool.h>
#include <time.h>

enum { FRESH_COUNT = 3 };

struct fresh {
	struct {
		int fd; /* owned; -1: there is none */
		bool empty;
		struct timespec times[2];
	} directories[FRESH_COUNT];
};

/* Notes how they are, below the directory `root`. */
void fresh_note(int root, struct fresh *ret_fresh);
/* Those that were empty then are empty again. A zeroed one holds nothing. */
void fresh_restore(struct fresh *fresh);
#define cleanup_fresh cleanup(fresh_restore)
