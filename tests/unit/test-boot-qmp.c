/* QMP framing: what QEMU may send, in whatever pieces and order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "boot/qmp.h"

#define GREETING "{\"QMP\": {\"version\": {}, \"capabilities\": []}}\r\n"

/* A client, the far end of its line, and the names of the events that it saw. */
struct fixture {
	struct qmp qmp;
	int far;
	char events[256];
};

static void remember_event(void *context, const char *name, const json_t *data)
{
	struct fixture *fixture = context;
	const char *reason = json_string_value(json_object_get(data, "reason"));
	size_t used = strlen(fixture->events);

	snprintf(fixture->events + used, sizeof(fixture->events) - used, "%s(%s) ", name,
		reason ?: "");
}

static int set_up(void **state)
{
	static struct fixture fixture;
	int ends[2];

	fixture = (struct fixture){0};
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		return -1;
	line_open(&fixture.qmp.line, ends[0]);
	fixture.far = ends[1];
	fixture.qmp.event = remember_event;
	fixture.qmp.context = &fixture;
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	qmp_release(&fixture->qmp);
	if (fixture->far >= 0)
		close(fixture->far);
	return 0;
}

/* QEMU's words, before they are asked for: the ids are known. */
static void far_says(struct fixture *fixture, const char *text)
{
	assert_int_equal(write(fixture->far, text, strlen(text)), strlen(text));
}

static void far_hangs_up(struct fixture *fixture)
{
	close(fixture->far);
	fixture->far = -1;
}

static void starts_and_runs_commands(void **state)
{
	struct fixture *fixture = *state;
	struct error err = {0};
	json_t *result = NULL;
	char sent[512] = "";

	far_says(fixture, GREETING "{\"return\": {}, \"id\": 1}\r\n");
	assert_int_equal(qmp_start(&fixture->qmp, &err), 0);
	far_says(fixture, "{\"return\": {\"status\": \"running\"}, \"id\": 2}\r\n");
	assert_int_equal(qmp_command(&fixture->qmp, "query-status", json_pack("{s:i}", "a", 7),
				 &result, &err),
		0);
	assert_string_equal(json_string_value(json_object_get(result, "status")), "running");
	json_decref(result);
	assert_true(read(fixture->far, sent, sizeof(sent) - 1) > 0);
	assert_string_equal(sent,
		"{\"execute\":\"qmp_capabilities\",\"id\":1}\n"
		"{\"execute\":\"query-status\",\"id\":2,\"arguments\":{\"a\":7}}\n");
}

static void events_come_at_any_time(void **state)
{
	struct fixture *fixture = *state;
	struct error err = {0};

	far_says(fixture, GREETING "{\"event\": \"RESUME\"}\r\n{\"return\": {}, \"id\": 1}\r\n"
				   "{\"event\": \"SHUTDOWN\", \"data\": {\"guest\": true, "
				   "\"reason\": \"guest-shutdown\"}}\r\n{\"event\": \"CUT");
	assert_int_equal(qmp_start(&fixture->qmp, &err), 0);
	assert_string_equal(fixture->events, "RESUME() ");
	assert_int_equal(qmp_receive(&fixture->qmp, &err), 0);
	assert_string_equal(fixture->events, "RESUME() SHUTDOWN(guest-shutdown) ");
	far_says(fixture, "\"}\n");
	assert_int_equal(qmp_receive(&fixture->qmp, &err), 0);
	assert_string_equal(fixture->events, "RESUME() SHUTDOWN(guest-shutdown) CUT() ");
}

static void late_replies_are_passed_over(void **state)
{
	struct fixture *fixture = *state;
	struct error err = {0};

	far_says(fixture, "{\"return\": {}, \"id\": 99}\n{\"return\": {}}\n"
			  "{\"error\": {\"class\": \"GenericError\", \"desc\": \"no such thing\"}, "
			  "\"id\": 1}\n");
	assert_int_equal(qmp_command(&fixture->qmp, "nonsense", NULL, NULL, &err), -1);
	assert_int_equal(err.status, STATUS_EMULATOR);
	assert_string_equal(err.message, "QMP: nonsense: no such thing");
	error_release(&err);
}

/* What is no QMP at all ends in an error, not in a wait. */
static void nonsense_is_an_error(void **state)
{
	static const char *const cases[] = {
		"Segmentation fault\n", "[]\n", "7\n", "{\"return\": {}}\n", "{}\n", ""};
	struct error err = {0};

	for (size_t i = 0; i < array_count(cases); i++) {
		struct fixture *fixture = *state;
		far_says(fixture, cases[i]);
		far_hangs_up(fixture);
		assert_int_equal(qmp_start(&fixture->qmp, &err), -1);
		assert_int_equal(err.status, STATUS_EMULATOR);
		error_release(&err);
		tear_down(state);
		assert_int_equal(set_up(state), 0);
	}
}

static void sending_to_nobody_is_an_error(void **state)
{
	struct fixture *fixture = *state;
	struct error err = {0};

	far_hangs_up(fixture);
	assert_int_equal(qmp_command(&fixture->qmp, "quit", NULL, NULL, &err), -1);
	assert_int_equal(err.status, STATUS_EMULATOR);
	error_release(&err);
}

static void endless_line_is_dropped(void **state)
{
	struct fixture *fixture = *state;
	static char noise[64 * 1024];

	memset(noise, 'x', sizeof(noise));
	for (unsigned i = 0; i < 3 * LINE_LIMIT / sizeof(noise); i++) {
		assert_int_equal(write(fixture->far, noise, sizeof(noise)), sizeof(noise));
		line_receive(&fixture->qmp.line);
		assert_true(fixture->qmp.line.input.length <= LINE_LIMIT + sizeof(noise));
	}
	far_says(fixture, "\nlast\r\n");
	line_receive(&fixture->qmp.line);
	free(line_take(&fixture->qmp.line));
	cleanup_free char *last = line_take(&fixture->qmp.line);
	assert_string_equal(last, "last");
}

#define with_line(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_line(starts_and_runs_commands),
		with_line(events_come_at_any_time),
		with_line(late_replies_are_passed_over),
		with_line(nonsense_is_an_error),
		with_line(sending_to_nobody_is_an_error),
		with_line(endless_line_is_dropped),
	};

	return cmocka_run_group_tests_name("qmp", tests, NULL, NULL);
}
