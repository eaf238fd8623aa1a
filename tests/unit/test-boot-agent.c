/* The agent's protocol: requests, replies, and the noise around them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "boot/agent.h"

static void request_is_one_line(void **state)
{
	cleanup_free char *request = agent_format_request(7, 1500, "echo 'a\nb'; exit 3");
	cleanup_free char *empty = agent_format_request(8, 0, "");

	(void)state;
	assert_string_equal(request, "7 2 ZWNobyAnYQpiJzsgZXhpdCAz\n");
	assert_string_equal(empty, "8 0 \n");
}

static void hello_is_recognized(void **state)
{
	struct agent_hello hello = {0};

	(void)state;
	assert_true(agent_parse_hello("READY 0520 41943040", &hello));
	assert_int_equal(hello.uptime, 520);
	assert_int_equal(hello.memory_used, 41943040);
	assert_false(agent_parse_hello("", &hello));
	assert_false(agent_parse_hello("READY", &hello));
	assert_false(agent_parse_hello("READY 1", &hello));
	assert_false(agent_parse_hello("READY 1 2 3", &hello));
	assert_false(agent_parse_hello("[    1.0] READY 1 2", &hello));
}

static void reply_is_recognized(void **state)
{
	struct agent_reply reply = {0};

	(void)state;
	assert_true(agent_parse_reply("7 3 8 YQBiCg==", 7, &reply));
	assert_int_equal(reply.status, 3);
	assert_int_equal(reply.output.length, 4);
	assert_memory_equal(reply.output.data, "a\0b\n", 4);
	agent_reply_release(&reply);
	assert_true(agent_parse_reply("7 0 0 ", 7, &reply));
	assert_int_equal(reply.output.length, 0);
	assert_string_equal(reply.output.data, "");
	agent_reply_release(&reply);
}

static void noise_is_no_reply(void **state)
{
	static const char *const cases[] = {
		"",
		"7",
		"7 0",
		"7 0 0",
		"7 0 4 YQ=",           /* cut short */
		"7 0 4 YQ==YQ==",      /* two run together */
		"7 0 4 !!!!",          /* no base64 */
		"7 0 3 YWI",           /* not padded */
		"8 0 4 YQ==",          /* somebody else's */
		"[   1.0] 7 0 4 YQ==", /* the kernel cut in */
		"READY 1 2",
	};
	struct agent_reply reply = {0};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++)
		assert_false(agent_parse_reply(cases[i], 7, &reply));
	assert_null(reply.output.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(request_is_one_line),
		cmocka_unit_test(hello_is_recognized),
		cmocka_unit_test(reply_is_recognized),
		cmocka_unit_test(noise_is_no_reply),
	};

	return cmocka_run_group_tests_name("agent", tests, NULL, NULL);
}
