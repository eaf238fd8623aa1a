/* Verdicts as one JSON document, on one line. */
#include <jansson.h>

#include "base/cleanup.h"
#include "results.h"

static json_t *clean_string(const char *text)
{
	cleanup_free char *clean = text_clean(text);

	return json_string(clean);
}

static json_t *result_object(const struct check_result *result)
{
	json_t *object = json_pack("{s:o, s:s, s:I}", "name", clean_string(result->name), "outcome",
		check_outcome_name(result->outcome), "milliseconds",
		(json_int_t)result->milliseconds);

	if (result->detail)
		json_object_set_new(object, "detail", clean_string(result->detail));
	return object;
}

/* What is unknown is left out. */
static void set_milliseconds(json_t *object, const char *name, uint64_t milliseconds)
{
	if (milliseconds)
		json_object_set_new(object, name, json_integer(milliseconds));
}

static json_t *timing_object(const struct boot_timing *timing)
{
	json_t *object = json_object();

	set_milliseconds(object, "firmware_milliseconds", timing->firmware);
	set_milliseconds(object, "kernel_milliseconds", timing->kernel);
	set_milliseconds(object, "userspace_milliseconds", timing->userspace);
	set_milliseconds(object, "total_milliseconds", timing->total);
	set_milliseconds(object, "processor_milliseconds", timing->processor);
	return object;
}

static json_t *analysis_object(const struct boot_analysis *analysis)
{
	json_t *units = json_array(), *object = json_object();

	vector_for_each (unit, &analysis->units)
		json_array_append_new(
			units, json_pack("{s:o, s:I}", "name", clean_string(unit->name),
				       "milliseconds", (json_int_t)unit->milliseconds));
	json_object_set_new(object, "units", units);
	if (analysis->critical_chain)
		json_object_set_new(
			object, "critical_chain", clean_string(analysis->critical_chain));
	return object;
}

static json_t *verdict_object(const struct verdict *verdict)
{
	json_t *results = json_array();

	vector_for_each (result, &verdict->results)
		json_array_append_new(results, result_object(result));
	json_t *object = json_pack("{s:o, s:s, s:i, s:o, s:o, s:I, s:I}", "name",
		clean_string(verdict->name), "status", verdict_status_name(verdict->status),
		"exit_status", (int)verdict->status, "accelerator",
		clean_string(verdict->accelerator), "log", clean_string(verdict->log),
		"milliseconds", (json_int_t)verdict->milliseconds, "memory",
		(json_int_t)verdict->memory);

	if (verdict->timing.total) {
		json_object_set_new(object, "memory_used", json_integer(verdict->memory_used));
		json_object_set_new(object, "boot", timing_object(&verdict->timing));
	}
	if (verdict->analysis.units.count)
		json_object_set_new(object, "analysis", analysis_object(&verdict->analysis));
	json_object_set_new(object, "results", results);
	return object;
}

char *verdicts_json(const struct verdict *verdicts, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, verdict_object(&verdicts[i]));
	json_t *document = json_pack("{s:o}", "verdicts", list);
	char *text = json_dumps(document, JSON_COMPACT | JSON_PRESERVE_ORDER);
	json_decref(document);
	return text;
}
