/*
 * What `jeos inspect` tells of an image: a document of sections, printed as JSON or, section by
 * section, for people. A new section is one file section-NAME.c with one `struct inspect_section`,
 * and one line in inspect.c.
 */
#pragma once

#include <jansson.h>

#include "image/image-view.h"

struct inspect_section {
	const char *name; /* its key in the document */
	/* A new reference; NULL: the image has nothing of it. */
	int (*gather)(struct image_view *view, json_t **ret_json, struct error *err);
	/* Adds it to a text; `whole`: all of it, not only what is most of interest. */
	void (*print)(const json_t *json, bool whole, struct buffer *text);
};

extern const struct inspect_section inspect_image, inspect_partitions, inspect_system, inspect_boot,
	inspect_kernels, inspect_packages, inspect_directories;
extern const struct inspect_section *const inspect_sections[]; /* NULL-terminated */

/* The document of the sections named (NULL: all); a new reference. */
int inspect_gather(struct image_view *view, const struct words *wanted, json_t **ret_document,
	struct error *err);
/* The document as a text for people; sections that were asked for by name are shown whole. */
void inspect_print(const json_t *document, bool whole, struct buffer *text);

/* A string of any bytes: those that are no UTF-8 become \xNN. */
json_t *inspect_text(const char *text);
/* A member of an object as a text, "" when there is none; as a number, 0. */
const char *inspect_get_text(const json_t *object, const char *key);
uint64_t inspect_get_number(const json_t *object, const char *key);
/* "1.4 GiB"; valid until `space` is used again. */
struct inspect_size {
	char text[32];
};
const char *inspect_size(uint64_t bytes, struct inspect_size *space);
/* Prints each object of a list; `largest`: only those few whose "size" is the largest. */
void inspect_print_list(const json_t *list, bool largest,
	void (*print)(const json_t *object, struct buffer *text), struct buffer *text);
