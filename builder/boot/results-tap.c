/* TAP version 13: one point for each check of each boot, what failed as comments below it. */
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/size.h"
#include "results.h"

/* In a description '#' would begin a directive and a newline would end it. */
static void append_description(struct buffer *tap, const char *text)
{
	cleanup_free char *clean = text_clean(text);

	for (const char *at = clean; *at; at++) {
		if (*at == '#' || *at == '\\')
			buffer_text(tap, "\\");
		buffer_append(tap, *at == '\n' ? " " : at, 1);
	}
}

static void append_comment(struct buffer *tap, const char *text)
{
	cleanup_free char *clean = text_clean(text);

	for (char *rest = clean, *line; (line = strsep(&rest, "\n"));)
		buffer_printf(tap, "# %s\n", line);
}

static void append_result(struct buffer *tap, size_t number, const struct verdict *verdict,
	const struct check_result *result)
{
	buffer_printf(tap, "%s %zu - ", result->outcome == CHECK_FAILED ? "not ok" : "ok", number);
	append_description(tap, verdict->name);
	buffer_text(tap, ": ");
	append_description(tap, result->name);
	if (result->outcome == CHECK_SKIPPED) {
		buffer_text(tap, " # SKIP ");
		append_description(tap, result->detail);
	}
	buffer_text(tap, "\n");
	if (result->outcome != CHECK_SKIPPED && result->detail)
		append_comment(tap, result->detail);
}

/* Below the results of a boot: what it took. */
static void append_boot(struct buffer *tap, const struct verdict *verdict)
{
	const struct boot_timing *timing = &verdict->timing;

	if (!timing->total)
		return;
	buffer_text(tap, "# ");
	append_description(tap, verdict->name);
	buffer_printf(tap, ": ready in %.3f s", timing->total / 1000.0);
	if (timing->kernel)
		buffer_printf(tap, ", firmware %.3f s, kernel %.3f s, userspace %.3f s",
			timing->firmware / 1000.0, timing->kernel / 1000.0,
			timing->userspace / 1000.0);
	if (verdict->memory_used)
		buffer_printf(tap, ", %" PRIu64 " KiB of memory in use",
			divide_up(verdict->memory_used, KIB));
	buffer_text(tap, "\n");
}

char *verdicts_tap(const struct verdict *verdicts, size_t count)
{
	struct buffer tap = {0};
	size_t total = 0, number = 0;

	for (size_t i = 0; i < count; i++)
		total += verdicts[i].results.count;
	buffer_printf(&tap, "TAP version 13\n1..%zu\n", total);
	for (size_t i = 0; i < count; i++) {
		vector_for_each (result, &verdicts[i].results)
			append_result(&tap, ++number, &verdicts[i], result);
		append_boot(&tap, &verdicts[i]);
	}
	return tap.data;
}
