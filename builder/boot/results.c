#include "results.h"

#include <string.h>

#include "analysis.h"
#include "base/cleanup.h"
#include "base/log.h"

static const char *const outcome_names[] = {
	[CHECK_PASSED] = "passed",
	[CHECK_FAILED] = "failed",
	[CHECK_SKIPPED] = "skipped",
};

const char *check_outcome_name(enum check_outcome outcome)
{
	return outcome_names[outcome];
}

const char *verdict_status_name(enum status status)
{
	switch (status) {
	case STATUS_OK:
		return "passed";
	case STATUS_CHECK:
		return "failed";
	case STATUS_TIMEOUT:
		return "timed out";
	case STATUS_PANIC:
		return "panicked";
	case STATUS_EMULATOR:
		return "emulator failed";
	case STATUS_MISSING:
		return "skipped";
	default:
		return "broken";
	}
}

size_t verdict_count(const struct verdict *verdict, enum check_outcome outcome)
{
	size_t count = 0;

	vector_for_each (result, &verdict->results)
		count += result->outcome == outcome;
	return count;
}

void verdict_show(const struct verdict *verdict)
{
	uint64_t ready = verdict->timing.total;
	cleanup_free char *time =
		ready ? xasprintf(", ready in %.1f s", ready / 1000.0) : xstrdup("");
	cleanup_free char *line =
		xasprintf("%s: %zu of %zu checks%s", verdict_status_name(verdict->status),
			verdict_count(verdict, CHECK_PASSED), verdict->results.count, time);

	progress_line(verdict->name, verdict->milliseconds / 1000.0, line);
}

void verdict_release(struct verdict *verdict)
{
	vector_for_each (result, &verdict->results) {
		free(result->name);
		free(result->detail);
	}
	vector_release(&verdict->results);
	analysis_release(&verdict->analysis);
	free(verdict->name);
	free(verdict->accelerator);
	free(verdict->log);
	*verdict = (struct verdict){0};
}

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
