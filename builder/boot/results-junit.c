/* JUnit XML, as continuous integration servers read it: a suite for each boot, a case for each
 * check. */
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/xml.h"
#include "results.h"

static void append_attribute(struct buffer *xml, const char *name, const char *value)
{
	buffer_printf(xml, " %s=\"", name);
	xml_text(xml, value);
	buffer_text(xml, "\"");
}

static void append_property(struct buffer *xml, const char *name, const char *value)
{
	buffer_text(xml, "      <property");
	append_attribute(xml, "name", name);
	append_attribute(xml, "value", value);
	buffer_text(xml, "/>\n");
}

/* Seconds; what is unknown is left out. */
static void append_time(struct buffer *xml, const char *name, uint64_t milliseconds)
{
	cleanup_free char *seconds = xasprintf("%.3f", milliseconds / 1000.0);

	if (milliseconds)
		append_property(xml, name, seconds);
}

static void append_boot(struct buffer *xml, const struct verdict *verdict)
{
	const struct boot_timing *timing = &verdict->timing;
	cleanup_free char *used = xasprintf("%" PRIu64, verdict->memory_used);

	append_time(xml, "firmware", timing->firmware);
	append_time(xml, "kernel", timing->kernel);
	append_time(xml, "userspace", timing->userspace);
	append_time(xml, "ready", timing->total);
	if (verdict->memory_used)
		append_property(xml, "memory-used", used);
}

static void append_case(
	struct buffer *xml, const struct verdict *verdict, const struct check_result *result)
{
	static const char *const elements[] = {
		[CHECK_FAILED] = "failure", [CHECK_SKIPPED] = "skipped"};

	buffer_text(xml, "    <testcase");
	append_attribute(xml, "classname", verdict->name);
	append_attribute(xml, "name", result->name);
	buffer_printf(xml, " time=\"%.3f\"", result->milliseconds / 1000.0);
	if (result->outcome == CHECK_PASSED) {
		buffer_text(xml, "/>\n");
		return;
	}
	buffer_printf(xml, ">\n      <%s", elements[result->outcome]);
	append_attribute(xml, "message", result->detail);
	buffer_text(xml, "/>\n    </testcase>\n");
}

static void append_suite(struct buffer *xml, const struct verdict *verdict)
{
	buffer_text(xml, "  <testsuite");
	append_attribute(xml, "name", verdict->name);
	buffer_printf(xml,
		" tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\" time=\"%.3f\">\n",
		verdict->results.count, verdict_count(verdict, CHECK_FAILED),
		verdict_count(verdict, CHECK_SKIPPED), verdict->milliseconds / 1000.0);
	buffer_text(xml, "    <properties>\n");
	append_property(xml, "status", verdict_status_name(verdict->status));
	append_property(xml, "accelerator", verdict->accelerator);
	append_property(xml, "log", verdict->log);
	append_boot(xml, verdict);
	buffer_text(xml, "    </properties>\n");
	vector_for_each (result, &verdict->results)
		append_case(xml, verdict, result);
	buffer_text(xml, "  </testsuite>\n");
}

char *verdicts_junit(const struct verdict *verdicts, size_t count)
{
	struct buffer xml = {0};

	buffer_text(&xml, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
	for (size_t i = 0; i < count; i++)
		append_suite(&xml, &verdicts[i]);
	buffer_text(&xml, "</testsuites>\n");
	return xml.data;
}
