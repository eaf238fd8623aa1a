#include "xml.h"

#include "cleanup.h"

void xml_text(struct buffer *xml, const char *text)
{
	cleanup_free char *clean = text_clean(text);

	for (const char *at = clean; *at; at++) {
		if (*at == '&')
			buffer_text(xml, "&amp;");
		else if (*at == '<')
			buffer_text(xml, "&lt;");
		else if (*at == '>')
			buffer_text(xml, "&gt;");
		else if (*at == '"')
			buffer_text(xml, "&quot;");
		else if (*at == '\n')
			buffer_text(xml, "&#10;");
		else
			buffer_append(xml, at, 1);
	}
}
