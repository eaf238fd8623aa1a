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

static json_t *verdict_object(const struct verdict *verdict)
{
	json_t *results = json_array();

	vector_for_each (result, &verdict->results)
		json_array_append_new(results, result_object(result));
	return json_pack("{s:o, s:s, s:i, s:o, s:o, s:I, s:I, s:I, s:I, s:o}", "name",
		clean_string(verdict->name), "status", verdict_status_name(verdict->status),
		"exit_status", (int)verdict->status, "accelerator",
		clean_string(verdict->accelerator), "log", clean_string(verdict->log),
		"milliseconds", (json_int_t)verdict->milliseconds, "ready_milliseconds",
		(json_int_t)verdict->ready_milliseconds, "memory", (json_int_t)verdict->memory,
		"memory_used", (json_int_t)verdict->memory_used, "results", results);
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
