/* Text: a growing byte buffer, lists of words, and small predicates. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "memory.h"

/* Zero-initialized is empty. `data` is owned, NUL-terminated, and NULL only while never written to.
 */
struct buffer {
	char *data;
	size_t length, capacity;
};

void buffer_append(struct buffer *buffer, const void *data, size_t length);
void buffer_text(struct buffer *buffer, const char *text);
void buffer_printf(struct buffer *buffer, const char *format, ...) printf_like(2, 3);
void buffer_release(struct buffer *buffer);
#define cleanup_buffer cleanup(buffer_release)

/* Words, each owned by whoever made the list's arena. */
struct words {
	const char **items;
	size_t count, capacity;
};

bool words_contain(const struct words *words, const char *text);
/* By their bytes. */
void words_sort(struct words *words);

bool text_equal(const char *a, const char *b); /* NULL equals only NULL */
bool text_starts(const char *text, const char *prefix);
bool text_ends(const char *text, const char *suffix);

/* The last lines of an output, each begun by a newline and indented, for the end of a message; ""
 * when there are none. NUL and carriage returns are left out. Owned by the caller. */
char *text_tail(const char *data, size_t length, unsigned lines);

/* The candidate nearest to `text` by edit distance, or NULL when none is near enough to suggest. */
const char *text_nearest(const char *text, const char *const *candidates, size_t count);

/*
 * The text as valid UTF-8 without control characters but tab and newline, as XML and JSON need it.
 * NULL gives "". Owned by the caller.
 */
char *text_clean(const char *text);
