/*
 * A line: one end of a socket, or a terminal's master, on which both sides talk in lines of text.
 * Reading never waits; what came and was not yet taken is kept. A line longer than LINE_LIMIT is
 * noise, and dropped.
 */
#pragma once

#include "base/text.h"

enum { LINE_LIMIT = 1024 * 1024 };

struct line {
	int fd; /* owned, non-blocking; -1: closed */
	struct buffer input;
	bool ended; /* the other side hung up */
};

/* Takes over the descriptor. */
void line_open(struct line *line, int fd);
void line_release(struct line *line);

/* Reads all that is there now. */
void line_receive(struct line *line);
/* The next complete line, without its end; owned by the caller. NULL: there is none yet. */
char *line_take(struct line *line);
int line_send(struct line *line, const char *text, struct error *err);
