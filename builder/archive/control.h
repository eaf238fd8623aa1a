/*
 * Control data as Debian writes it everywhere (Release, Packages, apt's *.sources): stanzas of
 * fields, `Name: value`, continued on lines that begin with a space or tab; an empty line ends a
 * stanza. Source: Debian Policy 5.1, deb822(5).
 *
 * Everything here points into the text given, which need not end in NUL and may hold anything.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"

/* Bytes that somebody else owns. */
struct span {
	const char *at;
	size_t length;
};

struct control_field {
	struct span name;
	/* From behind the colon and blanks to the end of the last continuation line, without the
	 * last newline. */
	struct span value;
};

struct span span_of(const char *text);
bool span_equal(struct span span, const char *text);        /* exactly */
bool span_equal_nocase(struct span span, const char *text); /* ASCII letters of either case */
char *span_copy(struct span span);                          /* owned by the caller */
char *span_keep(struct span span, struct arena *arena);

/* All of it decimal digits, and fitting. */
bool span_number(struct span span, uint64_t *ret_number);

/* Whether it is one of the words between blanks and newlines. */
bool span_has_word(struct span words, const char *wanted);

/* Takes the next stanza off `rest`; false when there is none. Comment lines stay in it. */
bool control_next_stanza(struct span *rest, struct span *ret_stanza);
/* Takes the next field off a stanza, skipping comments and lines that are no field. */
bool control_next_field(struct span *rest, struct control_field *ret_field);
/* A field's value by its name; false when the stanza has none. */
bool control_find(struct span stanza, const char *name, struct span *ret_value);
/* The same for an optional field: NULL when absent; kept in the arena. */
char *control_get(struct span stanza, const char *name, struct arena *arena);
/* Takes the next line off a text. */
bool control_next_line(struct span *rest, struct span *ret_line);
/* Takes the next word (between blanks and newlines) off a value. */
bool control_next_word(struct span *rest, struct span *ret_word);
