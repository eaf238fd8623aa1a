/*
 * Memory: allocation that never fails (out of memory aborts), an arena whose blocks live until it
 * is released, and growing arrays.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include "error.h"

void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *pointer, size_t count, size_t size);
char *xstrdup(const char *text);
char *xstrndup(const char *text, size_t length);
char *xasprintf(const char *format, ...) printf_like(1, 2);
char *xvasprintf(const char *format, va_list arguments) printf_like(1, 0);

struct arena_block;

/* Zero-initialized is empty. What it hands out is zeroed and lives until arena_release(). */
struct arena {
	struct arena_block *blocks;
};

void *arena_alloc(struct arena *arena, size_t size);
char *arena_strdup(struct arena *arena, const char *text);
char *arena_printf(struct arena *arena, const char *format, ...) printf_like(2, 3);
void arena_release(struct arena *arena);

/* A growing array of T; zero-initialized is empty. The items are owned by the vector. */
#define vector(T)                       \
	struct {                        \
		T *items;               \
		size_t count, capacity; \
	}

/* Appends a zeroed item and gives its address, valid until the next append. */
#define vector_add(vector)                                                                         \
	((vector)->items = vector_room(                                                            \
		 (vector)->items, (vector)->count, &(vector)->capacity, sizeof(*(vector)->items)), \
		&(vector)->items[(vector)->count++])

#define vector_push(vector, item) ((void)(*vector_add(vector) = (item)))

#define vector_for_each(item, vector)                            \
	for (typeof((vector)->items + 0) item = (vector)->items; \
		item && item < (vector)->items + (vector)->count; item++)

/* An empty vector may have no items at all, which qsort() must not be given. */
#define vector_sort(vector, compare)                                                         \
	((vector)->count ? qsort((vector)->items, (vector)->count, sizeof(*(vector)->items), \
				   (compare))                                                \
			 : (void)0)

#define vector_release(vector) \
	(free((vector)->items), (vector)->items = NULL, (vector)->count = (vector)->capacity = 0)

/* Makes room for one more item behind `count`, zeroed; gives the (possibly moved) items. */
void *vector_room(void *items, size_t count, size_t *capacity, size_t item_size);

#define array_count(array) (sizeof(array) / sizeof(*(array)))
