#include "compare.h"

#include "base/cleanup.h"

void differences_release(struct differences *differences)
{
	vector_release(differences);
	arena_release(&differences->arena);
}

static const char *keep(struct differences *differences, const char *text)
{
	return text ? arena_strdup(&differences->arena, text) : NULL;
}

void difference_add(struct differences *differences, const char *where, const char *subject,
	const char *what, const char *first, const char *second)
{
	vector_push(differences, ((struct difference){
					 .where = keep(differences, where),
					 .subject = keep(differences, subject),
					 .what = keep(differences, what),
					 .first = keep(differences, first),
					 .second = keep(differences, second),
				 }));
}

void difference_text(struct differences *differences, const struct difference *difference)
{
	const struct difference *d = difference;

	if (!text_equal(d->first, d->second))
		difference_add(differences, d->where, d->subject, d->what, d->first ? d->first : "",
			d->second ? d->second : "");
}

void difference_number(struct differences *differences, const struct difference *difference,
	uint64_t first, uint64_t second)
{
	if (first == second)
		return;
	cleanup_free char *a = xasprintf("%llu", (unsigned long long)first);
	cleanup_free char *b = xasprintf("%llu", (unsigned long long)second);
	difference_add(differences, difference->where, difference->subject, difference->what, a, b);
}

void difference_only(
	struct differences *differences, const char *where, const char *subject, bool in_first)
{
	difference_add(differences, where, subject, NULL, in_first ? "there" : NULL,
		in_first ? NULL : "there");
}

static void print(const struct difference *difference, struct buffer *text)
{
	if (!difference->what)
		buffer_printf(text, "%s: only the %s has it\n", difference->subject,
			difference->first ? "first" : "second");
	else if (!difference->first)
		buffer_printf(text, "%s: its %s\n", difference->subject, difference->what);
	else
		buffer_printf(text, "%s: its %s is `%s` and `%s`\n", difference->subject,
			difference->what, difference->first, difference->second);
}

void differences_print(const struct differences *differences, size_t limit, struct buffer *text)
{
	buffer_text(text, "");
	for (size_t i = 0; i < differences->count && (!limit || i < limit); i++)
		print(&differences->items[i], text);
}
