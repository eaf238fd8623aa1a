/*
 * Work beside the caller's: a function in a child process, whose error comes back. It gives way to
 * the caller where both want a processor, and dies when the caller does.
 */
#pragma once

#include <sys/types.h>

#include "error.h"

struct background {
	pid_t pid;  /* 0: none */
	int report; /* its error comes from here; owned */
};

/* Nothing that `body` changes in memory comes back; what it says is log_note() and the like only.
 */
int background_start(int (*body)(void *context, struct error *err), void *context,
	struct background *ret_background, struct error *err);
/* Waits for its end: 0, or -1 with its error. When interrupted, ends it. */
int background_finish(struct background *background, struct error *err);
/* Ends it, and what it started; nothing when there is none. */
void background_end(struct background *background);
