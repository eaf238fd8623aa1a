/* The writers of results: whatever a guest printed, TAP, XML and JSON stay well-formed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/cleanup.h"
#include "boot/results.h"

/* Names and details that try to break each format. */
static struct verdict hostile_verdict(void)
{
	struct verdict verdict = {
		.name = xstrdup("web kvm bios"),
		.status = STATUS_CHECK,
		.accelerator = xstrdup("tcg (KVM is emulated)"),
		.log = xstrdup("out/logs/web & <co>.log"),
		.milliseconds = 12345,
		.timing = {1200, 2300, 3289, 6789, 5000},
		.memory = 256 << 20,
		.memory_used = 40 << 20,
	};

	vector_push(&verdict.analysis.units, ((struct unit_time){xstrdup("web.service"), 70}));
	verdict.analysis.critical_chain = xstrdup("web.service @6s +70ms\n`-\033[0mbasic.target\n");
	vector_push(&verdict.results,
		((struct check_result){xstrdup("ready"), CHECK_PASSED, NULL, 6789}));
	vector_push(&verdict.results,
		((struct check_result){xstrdup("run: echo \"<a&b>\" # SKIP me\nnot ok 7"),
			CHECK_FAILED, xstrdup("it said: \033[31m\xff\xfe\x01 ]]> </failure>\nok 9"),
			15}));
	vector_push(&verdict.results, ((struct check_result){xstrdup("port: 80"), CHECK_SKIPPED,
					      xstrdup("no network # here"), 0}));
	return verdict;
}

static void tap_has_one_line_a_check(void **state)
{
	struct verdict verdict = hostile_verdict();
	cleanup_free char *tap = verdicts_tap(&verdict, 1);

	(void)state;
	assert_string_equal(tap,
		"TAP version 13\n"
		"1..3\n"
		"ok 1 - web kvm bios: ready\n"
		"not ok 2 - web kvm bios: run: echo \"<a&b>\" \\# SKIP me not ok 7\n"
		"# it said: ?[31m??? ]]> </failure>\n"
		"# ok 9\n"
		"ok 3 - web kvm bios: port: 80 # SKIP no network \\# here\n"
		"# web kvm bios: ready in 6.789 s, firmware 1.200 s, kernel 2.300 s, "
		"userspace 3.289 s, 40960 KiB of memory in use\n");
	verdict_release(&verdict);
}

static void junit_escapes(void **state)
{
	struct verdict verdict = hostile_verdict();
	cleanup_free char *xml = verdicts_junit(&verdict, 1);

	(void)state;
	assert_non_null(strstr(xml, "tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\""));
	assert_non_null(strstr(xml, "name=\"run: echo &quot;&lt;a&amp;b&gt;&quot; # SKIP me&#10;"));
	assert_non_null(strstr(xml, "<failure message=\"it said: ?[31m??? ]]&gt; "));
	assert_non_null(strstr(xml, "value=\"out/logs/web &amp; &lt;co&gt;.log\""));
	assert_null(strstr(xml, "\033"));
	verdict_release(&verdict);
}

static void json_can_be_read_back(void **state)
{
	struct verdict verdicts[] = {hostile_verdict(), hostile_verdict()};
	cleanup_free char *text = verdicts_json(verdicts, 2);
	json_t *document = json_loads(text, 0, NULL);

	(void)state;
	assert_non_null(document);
	json_t *list = json_object_get(document, "verdicts");
	assert_int_equal(json_array_size(list), 2);
	json_t *first = json_array_get(list, 0);
	assert_string_equal(json_string_value(json_object_get(first, "status")), "failed");
	assert_int_equal(json_integer_value(json_object_get(first, "exit_status")), 10);
	json_t *boot = json_object_get(first, "boot");
	assert_int_equal(json_object_size(boot), 5);
	assert_int_equal(json_integer_value(json_object_get(boot, "firmware_milliseconds")), 1200);
	assert_int_equal(json_integer_value(json_object_get(boot, "total_milliseconds")), 6789);
	json_t *analysis = json_object_get(first, "analysis");
	json_t *unit = json_array_get(json_object_get(analysis, "units"), 0);
	assert_string_equal(json_string_value(json_object_get(unit, "name")), "web.service");
	assert_int_equal(json_integer_value(json_object_get(unit, "milliseconds")), 70);
	assert_non_null(json_object_get(analysis, "critical_chain"));
	json_t *results = json_object_get(first, "results");
	assert_int_equal(json_array_size(results), 3);
	json_t *failed = json_array_get(results, 1);
	assert_string_equal(json_string_value(json_object_get(failed, "outcome")), "failed");
	assert_string_equal(json_string_value(json_object_get(failed, "name")),
		"run: echo \"<a&b>\" # SKIP me\nnot ok 7");
	assert_null(json_object_get(json_array_get(results, 0), "detail"));
	json_decref(document);
	verdict_release(&verdicts[0]);
	verdict_release(&verdicts[1]);
}

static void what_is_unknown_is_left_out(void **state)
{
	struct verdict verdict = {
		.name = xstrdup("x"), .accelerator = xstrdup("kvm"), .log = xstrdup("x.log")};
	cleanup_free char *failed = verdicts_json(&verdict, 1);
	verdict.timing.total = 7;
	cleanup_free char *json = verdicts_json(&verdict, 1), *tap = verdicts_tap(&verdict, 1);
	cleanup_free char *text = verdicts_text(&verdict, 1), *xml = verdicts_junit(&verdict, 1);

	(void)state;
	assert_null(strstr(failed, "\"boot\""));
	assert_null(strstr(failed, "\"analysis\""));
	assert_non_null(strstr(json, "\"boot\":{\"total_milliseconds\":7}"));
	assert_string_equal(tap, "TAP version 13\n1..0\n# x: ready in 0.007 s\n");
	assert_non_null(strstr(text, "ready in 0.0 s; kvm"));
	assert_null(strstr(xml, "firmware"));
	verdict_release(&verdict);
}

static void no_verdicts_are_no_error(void **state)
{
	cleanup_free char *tap = verdicts_tap(NULL, 0), *xml = verdicts_junit(NULL, 0);
	cleanup_free char *json = verdicts_json(NULL, 0), *text = verdicts_text(NULL, 0);

	(void)state;
	assert_string_equal(tap, "TAP version 13\n1..0\n");
	assert_non_null(strstr(xml, "<testsuites>\n</testsuites>"));
	assert_string_equal(json, "{\"verdicts\":[]}");
	assert_string_equal(text, "");
}

static void table_names_what_failed(void **state)
{
	struct verdict verdict = hostile_verdict();
	cleanup_free char *text = verdicts_text(&verdict, 1);

	(void)state;
	assert_ptr_equal(
		strstr(text, "web kvm bios: failed, ready in 6.8 s (firmware 1.2 s, kernel 2.3 s, "
			     "userspace 3.3 s), 40.0 MiB of 256 MiB"),
		text);
	assert_non_null(strstr(text, "FAILED     0.0 s  run: echo"));
	verdict_release(&verdict);
}

static void only_characters_survive_cleaning(void **state)
{
	static const struct {
		const char *text, *clean;
	} cases[] = {
		{NULL, ""},
		{"plain\ttext\n", "plain\ttext\n"},
		{"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\xa7",
			"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\xa7"},
		{"\xc3", "?"},                /* cut short */
		{"\xc0\xaf", "??"},           /* longer than needed */
		{"\xed\xa0\x80", "???"},      /* half of a UTF-16 pair */
		{"\xf5\x80\x80\x80", "????"}, /* beyond U+10FFFF */
		{"\xef\xbf\xbf", "???"},      /* U+FFFF */
		{"a\x01\x7f\rb", "a???b"},
	};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		cleanup_free char *clean = text_clean(cases[i].text);
		assert_string_equal(clean, cases[i].clean);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tap_has_one_line_a_check),
		cmocka_unit_test(junit_escapes),
		cmocka_unit_test(json_can_be_read_back),
		cmocka_unit_test(what_is_unknown_is_left_out),
		cmocka_unit_test(no_verdicts_are_no_error),
		cmocka_unit_test(table_names_what_failed),
		cmocka_unit_test(only_characters_survive_cleaning),
	};

	return cmocka_run_group_tests_name("boot results", tests, NULL, NULL);
}
