/* The error object: what it says, and that the status survives the way up. */
#include <errno.h>

#include "support/test.h"

static void set_gives_status_and_message(void **state)
{
	struct error err = {0};

	(void)state;
	assert_int_equal(error_set(&err, STATUS_ARCHIVE, "%s: %d", "answer", 42), -1);
	assert_int_equal(err.status, STATUS_ARCHIVE);
	assert_string_equal(err.message, "answer: 42");
	assert_int_equal(error_set(&err, STATUS_USAGE, "again, after: %s", err.message), -1);
	assert_string_equal(err.message, "again, after: answer: 42");
	error_release(&err);
	assert_null(err.message);
	assert_int_equal(err.status, STATUS_OK);
}

static void errno_is_spelled_out(void **state)
{
	struct error err = {0};

	(void)state;
	assert_int_equal(error_errno(&err, ENOENT, "%s: opening", "a/b"), -1);
	assert_int_equal(err.status, STATUS_FAILED);
	assert_string_equal(err.message, "a/b: opening: No such file or directory");
	error_release(&err);
}

static void position_comes_first(void **state)
{
	struct error err = {0};

	(void)state;
	error_at(&err, (struct position){"web.yaml", 3, 14}, "unknown key \"%s\"", "pakages");
	assert_int_equal(err.status, STATUS_RECIPE);
	assert_string_equal(err.message, "web.yaml:3:14: unknown key \"pakages\"");
	error_at(&err, (struct position){0}, "no place");
	assert_string_equal(err.message, "no place");
	error_release(&err);
}

static void wrap_keeps_the_status(void **state)
{
	struct error err = {0};

	(void)state;
	error_set(&err, STATUS_SCRIPT, "exit status 2");
	assert_int_equal(error_wrap(&err, "hook %s", "enable-nginx"), -1);
	assert_int_equal(error_wrap(&err, "building %s", "web"), -1);
	assert_int_equal(err.status, STATUS_SCRIPT);
	assert_string_equal(err.message, "building web: hook enable-nginx: exit status 2");
	error_release(&err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_gives_status_and_message),
		cmocka_unit_test(errno_is_spelled_out),
		cmocka_unit_test(position_comes_first),
		cmocka_unit_test(wrap_keeps_the_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
