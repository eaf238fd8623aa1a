/* What xl is told of a guest under test. */
#include "support/test.h"

#include "base/cleanup.h"
#include "base/size.h"
#include "boot/kernel-files.h"
#include "boot/xen-host.h"

static const struct xen_kind *kind(const char *type)
{
	const struct boot_options boot = {.machine.machine = type};

	return xen_kind_of(&boot);
}

static void config_says_what_the_guest_is(void **state)
{
	static const char *const lines[] = {
		"type = \"pvh\"\n",
		"kernel = \"/guest/vmlinuz\"\n",
		"ramdisk = \"/guest/initrd.img\"\n",
		"cmdline = \"root=/dev/xvda quiet\"\n",
		"memory = 65\n",
		"vcpus = 2\n",
		"disk = [\"phy:/dev/vdb,xvda,w\"]\n",
	};
	const struct boot_kernel kernel = {"vmlinuz", "initrd.img", "root=/dev/xvda quiet"};
	const struct xen_guest guest = {kind("pvh"), &kernel, 64 * MIB + 1, 2};
	cleanup_free char *config = xen_guest_config(&guest);

	(void)state;
	for (size_t i = 0; i < array_count(lines); i++)
		if (!strstr(config, lines[i]))
			fail_msg("no %s in %s", lines[i], config);
}

static void a_guest_whose_disk_boots_has_no_kernel(void **state)
{
	const struct xen_guest guest = {kind("hvm"), NULL, 64 * MIB, 1};
	cleanup_free char *config = xen_guest_config(&guest);

	(void)state;
	assert_null(strstr(config, "kernel"));
	assert_non_null(strstr(config, "serial = [\"pty\", \"pty\"]\n"));
}

/* Else the rest of a command line would be configuration. */
static void config_keeps_quotes_inside(void **state)
{
	const struct boot_kernel kernel = {"vmlinuz", NULL, "init=/bin/sh -- -c \"a\\b\""};
	const struct xen_guest guest = {kind("pv"), &kernel, 64 * MIB, 1};
	cleanup_free char *config = xen_guest_config(&guest);

	(void)state;
	assert_non_null(strstr(config, "cmdline = \"init=/bin/sh -- -c \\\"a\\\\b\\\"\"\n"));
	assert_null(strstr(config, "ramdisk"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(config_says_what_the_guest_is),
		cmocka_unit_test(a_guest_whose_disk_boots_has_no_kernel),
		cmocka_unit_test(config_keeps_quotes_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
