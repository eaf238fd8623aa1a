#include "text.h"

#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "cleanup.h"

static void reserve(struct buffer *buffer, size_t more)
{
	size_t need = buffer->length + more + 1;

	if (need <= buffer->capacity)
		return;
	buffer->capacity = need > buffer->capacity * 2 ? need : buffer->capacity * 2;
	buffer->data = xrealloc(buffer->data, buffer->capacity, 1);
}

void buffer_append(struct buffer *buffer, const void *data, size_t length)
{
	reserve(buffer, length);
	if (length)
		memcpy(buffer->data + buffer->length, data, length);
	buffer->length += length;
	buffer->data[buffer->length] = '\0';
}

void buffer_text(struct buffer *buffer, const char *text)
{
	buffer_append(buffer, text, strlen(text));
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	cleanup_free char *text = xvasprintf(format, arguments);
	va_end(arguments);
	buffer_text(buffer, text);
}

void buffer_release(struct buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct buffer){0};
}

bool words_contain(const struct words *words, const char *text)
{
	for (size_t i = 0; i < words->count; i++)
		if (!strcmp(words->items[i], text))
			return true;
	return false;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void words_sort(struct words *words)
{
	vector_sort(words, by_text);
}

bool text_equal(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

bool text_starts(const char *text, const char *prefix)
{
	return !strncmp(text, prefix, strlen(prefix));
}

bool text_ends(const char *text, const char *suffix)
{
	size_t length = strlen(text), end = strlen(suffix);

	return length >= end && !strcmp(text + length - end, suffix);
}

enum { NEAREST_LONGEST = 64 };

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Edits that make `a` into `b`: a letter more, less, or another, or two neighbours swapped. */
static unsigned distance(const char *a, const char *b)
{
	unsigned rows[3][NEAREST_LONGEST + 1];
	size_t a_length = strlen(a), b_length = strlen(b);

	if (a_length > NEAREST_LONGEST || b_length > NEAREST_LONGEST)
		return UINT32_MAX;
	for (size_t j = 0; j <= b_length; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_length; i++) {
		unsigned *row = rows[i % 3], *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
		row[0] = i;
		for (size_t j = 1; j <= b_length; j++) {
			row[j] = least(last[j], row[j - 1]) + 1;
			row[j] = least(row[j], last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], before[j - 2] + 1);
		}
	}
	return rows[a_length % 3][b_length];
}

const char *text_nearest(const char *text, const char *const *candidates, size_t count)
{
	const char *nearest = NULL;
	unsigned best = strlen(text) / 3 + 2;

	for (size_t i = 0; i < count; i++) {
		unsigned far = distance(text, candidates[i]);
		if (far < best) {
			best = far;
			nearest = candidates[i];
		}
	}
	return nearest;
}

char *text_tail(const char *data, size_t length, unsigned lines)
{
	struct buffer text = {0};

	while (length && (data[length - 1] == '\n' || data[length - 1] == '\r'))
		length--;
	size_t from = length;
	for (unsigned passed = 0; from; from--)
		if (data[from - 1] == '\n' && ++passed == lines)
			break;
	for (size_t i = from; i < length; i++) {
		if (i == from || data[i - 1] == '\n')
			buffer_text(&text, "\n    ");
		if (data[i] != '\n' && data[i] != '\r' && data[i] != '\0')
			buffer_append(&text, &data[i], 1);
	}
	buffer_text(&text, "");
	return text.data;
}
