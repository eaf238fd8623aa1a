#include "uuid.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"

static int digit_value(char digit)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	const char *found = digit ? strchr(digits, digit) : NULL;

	if (!found)
		return -1;
	return found - digits < 16 ? found - digits : found - digits - 6;
}

static bool dash_before(unsigned byte)
{
	return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

bool uuid_parse(const char *text, struct uuid *ret_uuid)
{
	struct uuid uuid;

	for (unsigned i = 0; i < sizeof(uuid.bytes); i++) {
		if (dash_before(i) && *text++ != '-')
			return false;
		int high = digit_value(*text++);
		int low = high < 0 ? -1 : digit_value(*text++);
		if (low < 0)
			return false;
		uuid.bytes[i] = high << 4 | low;
	}
	if (*text)
		return false;
	*ret_uuid = uuid;
	return true;
}

void uuid_format(const struct uuid *uuid, char ret_text[UUID_TEXT])
{
	char *end = ret_text;

	for (unsigned i = 0; i < sizeof(uuid->bytes); i++)
		end += snprintf(end, ret_text + UUID_TEXT - end, "%s%02x",
			dash_before(i) ? "-" : "", uuid->bytes[i]);
}

void uuid_format_serial(const struct uuid *uuid, char ret_text[UUID_SERIAL])
{
	const uint8_t *bytes = uuid->bytes;

	snprintf(
		ret_text, UUID_SERIAL, "%02X%02X-%02X%02X", bytes[0], bytes[1], bytes[2], bytes[3]);
}

/* RFC 9562, section 5.8: all bits but version and variant are ours. */
struct uuid uuid_derive(const char *seed, const char *purpose)
{
	struct hash hash;
	char text[HASH_TEXT];
	struct uuid uuid;

	hash_init(&hash);
	hash_text(&hash, seed);
	hash_text(&hash, purpose);
	hash_finish(&hash, text);
	for (unsigned i = 0; i < sizeof(uuid.bytes); i++)
		uuid.bytes[i] = digit_value(text[2 * i]) * 16 + digit_value(text[2 * i + 1]);
	uuid.bytes[6] = 0x80 | (uuid.bytes[6] & 0x0f);
	uuid.bytes[8] = 0x80 | (uuid.bytes[8] & 0x3f);
	return uuid;
}

/* GPT stores the first three fields little-endian; the exchange is its own inverse. */
static void exchange(const uint8_t from[16], uint8_t to[16])
{
	static const uint8_t order[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};

	for (unsigned i = 0; i < sizeof(order); i++)
		to[i] = from[order[i]];
}

void uuid_to_gpt(const struct uuid *uuid, uint8_t ret_bytes[16])
{
	exchange(uuid->bytes, ret_bytes);
}

struct uuid uuid_from_gpt(const uint8_t bytes[16])
{
	struct uuid uuid = {0};

	exchange(bytes, uuid.bytes);
	return uuid;
}
