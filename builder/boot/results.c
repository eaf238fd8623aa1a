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
