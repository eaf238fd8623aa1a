#include "archive/control.h"

#include <string.h>
#include <strings.h>

struct span span_of(const char *text)
{
	return (struct span){text, strlen(text)};
}

bool span_equal(struct span span, const char *text)
{
	return strlen(text) == span.length && (!span.length || !memcmp(span.at, text, span.length));
}

bool span_equal_nocase(struct span span, const char *text)
{
	return strlen(text) == span.length &&
	       (!span.length || !strncasecmp(span.at, text, span.length));
}

char *span_copy(struct span span)
{
	return xstrndup(span.at, span.length);
}

char *span_keep(struct span span, struct arena *arena)
{
	char *copy = arena_alloc(arena, span.length + 1);

	return memcpy(copy, span.at, span.length);
}

bool span_number(struct span span, uint64_t *ret_number)
{
	uint64_t number = 0;

	for (size_t i = 0; i < span.length; i++) {
		unsigned digit = (unsigned char)span.at[i] - '0';
		if (digit > 9 || __builtin_mul_overflow(number, 10, &number) ||
			__builtin_add_overflow(number, digit, &number))
			return false;
	}
	*ret_number = number;
	return span.length > 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static void skip(struct span *span, size_t length)
{
	span->at += length;
	span->length -= length;
}

bool control_next_line(struct span *rest, struct span *ret_line)
{
	if (!rest->length)
		return false;
	const char *newline = memchr(rest->at, '\n', rest->length);
	size_t length = newline ? (size_t)(newline - rest->at) : rest->length;

	*ret_line = (struct span){rest->at, length};
	skip(rest, newline ? length + 1 : length);
	return true;
}

bool control_next_stanza(struct span *rest, struct span *ret_stanza)
{
	while (rest->length && *rest->at == '\n')
		skip(rest, 1);
	if (!rest->length)
		return false;
	const char *end = memmem(rest->at, rest->length, "\n\n", 2);
	size_t length = end ? (size_t)(end - rest->at) + 1 : rest->length;

	*ret_stanza = (struct span){rest->at, length};
	skip(rest, length);
	return true;
}

/* The field's lines after the first are those that begin with a blank. */
static struct span extend(struct span value, struct span *rest)
{
	struct span line;

	while (rest->length && is_blank(*rest->at) && control_next_line(rest, &line))
		value.length = line.at + line.length - value.at;
	while (value.length && is_blank(*value.at))
		skip(&value, 1);
	while (value.length && is_blank(value.at[value.length - 1]))
		value.length--;
	return value;
}

bool control_next_field(struct span *rest, struct control_field *ret_field)
{
	struct span line;

	while (control_next_line(rest, &line)) {
		const char *colon = memchr(line.at, ':', line.length);
		if (!colon || *line.at == '#' || is_blank(*line.at))
			continue;
		ret_field->name = (struct span){line.at, colon - line.at};
		skip(&line, ret_field->name.length + 1);
		/* dpkg allows blanks before the colon. */
		while (ret_field->name.length && is_blank(colon[-1])) {
			ret_field->name.length--;
			colon--;
		}
		ret_field->value = extend(line, rest);
		return true;
	}
	return false;
}

bool control_find(struct span stanza, const char *name, struct span *ret_value)
{
	struct control_field field;

	while (control_next_field(&stanza, &field)) {
		if (!span_equal_nocase(field.name, name))
			continue;
		*ret_value = field.value;
		return true;
	}
	return false;
}

char *control_get(struct span stanza, const char *name, struct arena *arena)
{
	struct span value;

	return control_find(stanza, name, &value) ? span_keep(value, arena) : NULL;
}

bool control_next_word(struct span *rest, struct span *ret_word)
{
	size_t length = 0;

	while (rest->length && (is_blank(*rest->at) || *rest->at == '\n'))
		skip(rest, 1);
	while (length < rest->length && !is_blank(rest->at[length]) && rest->at[length] != '\n')
		length++;
	*ret_word = (struct span){rest->at, length};
	skip(rest, length);
	return length > 0;
}

bool span_has_word(struct span words, const char *wanted)
{
	struct span word;

	while (control_next_word(&words, &word))
		if (span_equal(word, wanted))
			return true;
	return false;
}
