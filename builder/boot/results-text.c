/* Verdicts for people: a line for each boot, its checks below. */
#include <string.h>

#include "base/cleanup.h"
#include "base/size.h"
#include "results.h"

enum { DETAIL_INDENT = 12 };

static const char *const marks[] = {
	[CHECK_PASSED] = "ok",
	[CHECK_FAILED] = "FAILED",
	[CHECK_SKIPPED] = "skipped",
};

static void append_detail(struct buffer *text, const char *detail)
{
	cleanup_free char *clean = text_clean(detail);

	for (char *rest = clean, *line; (line = strsep(&rest, "\n"));)
		buffer_printf(text, "%*s%s\n", DETAIL_INDENT, "", line);
}

static void append_timing(struct buffer *text, const struct boot_timing *timing)
{
	if (timing->total)
		buffer_printf(text, ", ready in %.1f s", timing->total / 1000.0);
	if (timing->kernel)
		buffer_printf(text, " (firmware %.1f s, kernel %.1f s, userspace %.1f s)",
			timing->firmware / 1000.0, timing->kernel / 1000.0,
			timing->userspace / 1000.0);
}

static void append_verdict(struct buffer *text, const struct verdict *verdict)
{
	char used[32], memory[32];

	buffer_printf(text, "%s: %s", verdict->name, verdict_status_name(verdict->status));
	append_timing(text, &verdict->timing);
	if (verdict->memory_used)
		buffer_printf(text, ", %s of %s memory in use",
			size_format(verdict->memory_used, used, sizeof(used)),
			size_format(verdict->memory, memory, sizeof(memory)));
	buffer_printf(text, "; %s\n", verdict->accelerator);
	vector_for_each (result, &verdict->results) {
		cleanup_free char *name = text_clean(result->name);
		buffer_printf(text, "  %-8s %5.1f s  %s\n", marks[result->outcome],
			result->milliseconds / 1000.0, name);
		if (result->detail)
			append_detail(text, result->detail);
	}
	buffer_printf(text, "  console: %s\n", verdict->log);
}

char *verdicts_text(const struct verdict *verdicts, size_t count)
{
	struct buffer text = {0};

	buffer_text(&text, "");
	for (size_t i = 0; i < count; i++)
		append_verdict(&text, &verdicts[i]);
	return text.data;
}
