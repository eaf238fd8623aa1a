/* Lines of /etc/shadow. */
#include "support/test.h"

#include "base/cleanup.h"
#include "rootfs/shadow.h"

static const char before[] = "root:*:20000:0:99999:7:::\n"
			     "rooty:!:20001:0:99999:7:::\n"
			     "# no account\n"
			     "service:!*:19000::::::\n"
			     "last:*::0";

static void test_sets_one_hash(void **state)
{
	cleanup_free char *after = shadow_set_hash(before, "root", "$y$hash");

	(void)state;
	assert_string_equal(after, "root:$y$hash:20000:0:99999:7:::\n"
				   "rooty:!:20001:0:99999:7:::\n"
				   "# no account\n"
				   "service:!*:19000::::::\n"
				   "last:*::0\n");
}

static void test_clamps_days(void **state)
{
	cleanup_free char *after = shadow_clamp_days(before, 19500);

	(void)state;
	assert_string_equal(after, "root:*:19500:0:99999:7:::\n"
				   "rooty:!:19500:0:99999:7:::\n"
				   "# no account\n"
				   "service:!*:19000::::::\n"
				   "last:*::0\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sets_one_hash),
		cmocka_unit_test(test_clamps_days),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
