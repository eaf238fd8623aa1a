/* XML: texts and attributes, with what it has no characters for left out. */
#pragma once

#include "text.h"

void xml_text(struct buffer *xml, const char *text);
