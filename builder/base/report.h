/* A child process's last words: the error that ended it, through a pipe to its parent. */
#pragma once

#include "text.h"

/* In the child: its error, into the pipe. */
void report_write(int pipe, const struct error *error);
/* In the parent: what the child's end means, after all that came through the pipe. 0, or -1 with
 * the child's error; `name` is the child's in the message when it left none. */
int report_conclude(
	const char *name, int wait_status, const struct buffer *said, struct error *err);
