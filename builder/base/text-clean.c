/* Texts that come from elsewhere and may hold anything. */
#include "text.h"

/* Bytes of the UTF-8 sequence (RFC 3629, section 4) that starts here; 0 when it is none. */
static size_t utf8_length(const unsigned char *text)
{
	unsigned char first = text[0], low = 0x80, high = 0xbf;
	size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

	if (length > 1 && (first < 0xc2 || first > 0xf4))
		return 0;
	if (first == 0xe0)
		low = 0xa0;
	if (first == 0xed)
		high = 0x9f;
	if (first == 0xf0)
		low = 0x90;
	if (first == 0xf4)
		high = 0x8f;
	for (size_t i = 1; i < length; i++) {
		if (text[i] < low || text[i] > high)
			return 0;
		low = 0x80;
		high = 0xbf;
	}
	/* U+FFFE and U+FFFF are no characters of XML. */
	if (first == 0xef && text[1] == 0xbf && text[2] >= 0xbe)
		return 0;
	return length;
}

char *text_clean(const char *text)
{
	struct buffer clean = {0};

	buffer_text(&clean, "");
	while (text && *text) {
		size_t length = utf8_length((const unsigned char *)text);
		bool control = *text > 0 && *text < ' ' && *text != '\t' && *text != '\n';
		if (!length || control || *text == 0x7f)
			buffer_text(&clean, "?");
		else
			buffer_append(&clean, text, length);
		text += length ? length : 1;
	}
	return clean.data;
}
