#include "size.h"

#include <stdio.h>
#include <string.h>

#include "memory.h"

struct unit {
	const char *suffix;
	uint64_t factor;
};

/* A decimal number with at most three fractional digits, then one of the units. */
static bool parse(const char *text, const struct unit *units, size_t count, uint64_t *ret_value)
{
	uint64_t whole = 0, thousandths = 0;
	const char *at = text;

	if (*at < '0' || *at > '9')
		return false;
	for (; *at >= '0' && *at <= '9'; at++)
		if (__builtin_mul_overflow(whole, 10, &whole) ||
			__builtin_add_overflow(whole, *at - '0', &whole))
			return false;
	if (*at == '.') {
		unsigned weight = 100;
		at++;
		if (*at < '0' || *at > '9')
			return false;
		for (; *at >= '0' && *at <= '9'; at++, weight /= 10)
			thousandths += (*at - '0') * weight;
	}
	for (size_t i = 0; i < count; i++) {
		uint64_t value;
		if (strcmp(at, units[i].suffix))
			continue;
		if (thousandths && units[i].factor == 1)
			return false;
		if (__builtin_mul_overflow(whole, units[i].factor, &value))
			return false;
		uint64_t part = (uint64_t)((unsigned __int128)thousandths * units[i].factor / 1000);
		if (__builtin_add_overflow(value, part, &value) || value > INT64_MAX)
			return false;
		*ret_value = value;
		return true;
	}
	return false;
}

bool size_parse(const char *text, uint64_t *ret_bytes)
{
	static const struct unit units[] = {
		{"", 1}, {"K", KIB}, {"M", MIB}, {"G", GIB}, {"T", 1024 * GIB}};

	return parse(text, units, array_count(units), ret_bytes);
}

bool duration_parse(const char *text, uint64_t *ret_milliseconds)
{
	static const struct unit units[] = {
		{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};

	return parse(text, units, array_count(units), ret_milliseconds);
}

const char *size_format(uint64_t bytes, char *text, size_t size)
{
	static const char *const names[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double value = bytes;
	size_t unit = 0;

	/* What would round up to 1024 is one of the next unit. */
	while (value >= 1023.5 && unit + 1 < array_count(names) && bytes >= KIB) {
		value /= 1024;
		unit++;
	}
	snprintf(text, size, unit && value < 100 ? "%.1f %s" : "%.0f %s", value, names[unit]);
	return text;
}
