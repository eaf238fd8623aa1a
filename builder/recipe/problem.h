/*
 * Problems: reading a recipe does not stop at the first mistake, so that one run shows them all.
 * Functions of this folder that are given a recipe and no `struct error` report here: 0, or -1
 * after they added a problem.
 */
#pragma once

#include "recipe.h"

/* Adds a problem; beyond a hundred they are dropped. Returns -1. */
int recipe_problem(struct recipe *recipe, struct position at, const char *format, ...)
	printf_like(3, 4);
#ifdef __clang_analyzer__ /* See base/error.h. */
#define recipe_problem(...) (recipe_problem(__VA_ARGS__), -1)
#endif
/* A text of the user's as a message may show it: between backquotes, short and printable. */
const char *problem_quote(struct recipe *recipe, const char *text);

/* Appends a zeroed item to a vector whose items lie in the arena, and gives its address. */
#define arena_add(arena, vector)                                                 \
	((vector)->items = arena_room((arena), (vector)->items, (vector)->count, \
		 &(vector)->capacity, sizeof(*(vector)->items)),                 \
		&(vector)->items[(vector)->count++])
void *arena_room(
	struct arena *arena, void *items, size_t count, size_t *capacity, size_t item_size);
