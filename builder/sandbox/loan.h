/*
 * Loans: files put into a tree for the time of a run and taken away again, whatever was there
 * before put back. One that the run changed or replaced is the run's result and stays.
 */
#pragma once

#include <sys/stat.h>

#include "base/memory.h"

struct loan {
	int directory;    /* owned */
	char *name;       /* in it; owned */
	char *aside;      /* what was there, under this name; NULL: nothing; owned */
	struct stat ours; /* what we put there; inode 0: nothing yet */
};

struct loans {
	struct loan *items;
	size_t count, capacity;
};

/* A file at `path` (no leading '/') below the directory `root`. */
int loan_file(struct loans *loans, int root, const char *path, const char *text, mode_t mode,
	struct error *err);
/* A device node, unless something is there already. */
int loan_device(struct loans *loans, int root, const char *path, dev_t device, struct error *err);
/* Takes everything back. Idempotent. */
void loans_return(struct loans *loans);
#define cleanup_loans cleanup(loans_return)
