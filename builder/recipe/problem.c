#include "problem.h"

#include <stdarg.h>
#include <string.h>

#include "base/cleanup.h"

enum { PROBLEMS_MOST = 100, QUOTE_LONGEST = 64 };

int(recipe_problem)(struct recipe *recipe, struct position at, const char *format, ...)
{
	va_list arguments;

	if (recipe->problems.count == PROBLEMS_MOST)
		return -1;
	va_start(arguments, format);
	cleanup_free char *message = xvasprintf(format, arguments);
	va_end(arguments);
	*arena_add(&recipe->arena, &recipe->problems) =
		(struct recipe_problem){at, arena_strdup(&recipe->arena, message)};
	return -1;
}

const char *problem_quote(struct recipe *recipe, const char *text)
{
	size_t length = strlen(text);
	bool whole = length <= QUOTE_LONGEST;

	if (!whole)
		length = QUOTE_LONGEST;
	/* Never in the middle of a UTF-8 sequence. */
	while (length && ((unsigned char)text[length] & 0xc0) == 0x80)
		length--;
	char *quote =
		arena_printf(&recipe->arena, "`%.*s%s`", (int)length, text, whole ? "" : "...");
	for (char *at = quote; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			*at = '?';
	return quote;
}

void *arena_room(struct arena *arena, void *items, size_t count, size_t *capacity, size_t item_size)
{
	if (count < *capacity)
		return items;
	*capacity = count ? count * 2 : 8;
	void *larger = arena_alloc(arena, *capacity * item_size);
	if (count)
		memcpy(larger, items, count * item_size);
	return larger;
}
