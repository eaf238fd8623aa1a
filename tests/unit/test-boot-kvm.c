/* The KVM probe, on whatever host this is: an answer always comes, soon, and with its reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "boot/boot.h"

static void answers_in_time(void **state)
{
	struct kvm_probe probe = {0};
	time_t start = time(NULL);

	(void)state;
	kvm_probe(&probe);
	assert_true(time(NULL) - start < 10);
	assert_true(strlen(probe.reason) > 0);
	assert_int_equal(probe.usable, !strcmp(probe.reason, "usable"));
}

/* What must be in the reason on this host; a KVM without hardware below it passes every ioctl and
 * still cannot run a kernel. */
static const char *expected_reason(void)
{
	if (access("/dev/kvm", F_OK))
		return "/dev/kvm: No such file";
	if (access("/dev/kvm", R_OK | W_OK))
		return "/dev/kvm: ";
	return access("/sys/module/kvm_pvm", F_OK) ? "" : "emulated: ";
}

static void reason_fits_the_host(void **state)
{
	struct kvm_probe probe = {0};

	(void)state;
	kvm_probe(&probe);
	assert_ptr_equal(strstr(probe.reason, expected_reason()), probe.reason);
	assert_true(!probe.usable || !*expected_reason());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_in_time),
		cmocka_unit_test(reason_fits_the_host),
	};

	return cmocka_run_group_tests_name("kvm probe", tests, NULL, NULL);
}
