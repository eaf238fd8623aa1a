/* The strip rules, and that dpkg understands them as we do. */
#include "support/test.h"

#include <fcntl.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "rootfs/strip.h"
#include "support/scratch.h"

static struct word switched_on[] = {{.text = "documentation"}, {.text = "man-pages"},
	{.text = "locales"}, {.text = "python-caches"}, {.text = "character-sets"}};
static const struct recipe recipe = {
	.strip = {.items = switched_on, .count = array_count(switched_on)}};

/* Paths and the rule that leaves them out; NULL: they stay. */
static const struct {
	const char *path, *rule;
} cases[] = {
	{"/usr/share/doc/apt/changelog.gz", "documentation"},
	{"/usr/share/doc/apt/copyright", NULL},
	{"/usr/share/man/man1/apt.1.gz", "man-pages"},
	{"/usr/share/man/de/man1/apt.1.gz", "man-pages"},
	{"/usr/share/man/man1", NULL},
	{"/usr/share/locale/de/LC_MESSAGES/apt.mo", "locales"},
	{"/usr/share/locale/locale.alias", NULL},
	{"/usr/lib/locale/C.utf8/LC_CTYPE", NULL},
	{"/usr/lib/python3/dist-packages/__pycache__/x.cpython-311.pyc", "python-caches"},
	{"/usr/lib/x86_64-linux-gnu/gconv/EUC-JP.so", "character-sets"},
	{"/usr/lib/x86_64-linux-gnu/gconv/UTF-16.so", NULL},
	{"/usr/lib/x86_64-linux-gnu/gconv/gconv-modules", NULL},
	{"/usr/share/info/dir", NULL}, /* not switched on */
	{"/usr/lib/udev/rules.d/78-sound-card.rules", "sound"},
	{"/lib/udev/rules.d/78-sound-card.rules", "sound"},
	{"/usr/lib/udev/rules.d/80-drivers.rules", NULL},
	{"/lib/modules/6.1.0/kernel/sound/soundcore.ko", "sound"},
	{"/usr/lib/modules/6.12/kernel/drivers/net/wireless/ath/ath.ko.xz", "wireless"},
	{"/usr/lib/modules/6.12/kernel/drivers/net/virtio_net.ko.xz", NULL},
	{"/usr/lib/modules/6.12/kernel/drivers/usb/core/usbcore.ko", NULL},
	{"/usr/lib/modules/6.12/kernel/drivers/usb/serial/usbserial.ko", "usb-peripherals"},
	{"/usr/bin/apt", NULL},
};

static void test_rules_match(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		const struct strip_rule *rule = strip_match(&recipe, cases[i].path);
		if (!text_equal(rule ? rule->name : NULL, cases[i].rule))
			fail_msg("%s: %s", cases[i].path, rule ? rule->name : "stays");
		assert_int_equal(strip_matches(&recipe, cases[i].path), cases[i].rule != NULL);
	}
}

static void test_some_hold_for_every_image(void **state)
{
	(void)state;
	assert_string_equal(strip_match(NULL, "/var/log/dpkg.log")->name, "logs");
	assert_string_equal(strip_match(NULL, "/etc/machine-id")->name, "machine-id");
	assert_string_equal(strip_match(NULL, "/etc/ssh/ssh_host_rsa_key.pub")->name, "host-keys");
	assert_null(strip_match(NULL, "/usr/share/man/man1/apt.1.gz"));
	assert_null(strip_match(NULL, "/etc/ssh/sshd_config"));
}

static void test_names_are_known_and_unique(void **state)
{
	(void)state;
	for (size_t i = 0; i < strip_rule_count; i++)
		assert_ptr_equal(strip_find(strip_rules[i].name), &strip_rules[i]);
	assert_null(strip_find("no-such-rule"));
	assert_non_null(strip_find(STRIP_KERNEL_MODULES));
}

/* A package with a file under each path, unpacked by dpkg with the rules as its options: it must
 * leave out exactly what we say of those that come in packages. */
static void test_dpkg_agrees(void **state)
{
	static const char script[] =
		"set -e; mkdir -p root/var/lib/dpkg/info root/var/lib/dpkg/updates\n"
		"touch root/var/lib/dpkg/status root/var/lib/dpkg/available\n"
		"dpkg-deb --root-owner-group -Znone -b package x.deb\n"
		"dpkg --root=root --force-not-root --force-script-chrootless --force-bad-path"
		" --log=/dev/null $(sed -n 's/^path/--path/p' rules) --unpack x.deb\n";
	static const char control[] = "Package: x\nVersion: 1\nArchitecture: all\n"
				      "Maintainer: x <x@example.org>\nDescription: x\n";
	struct error err = {0};

	(void)state;
	need_program("dpkg");
	cleanup_free char *rules = strip_dpkg_rules(&recipe);
	assert_ok(file_write_text(AT_FDCWD, "rules", rules, 0644, &err), &err);
	assert_ok(directory_make(AT_FDCWD, "package/DEBIAN", &err), &err);
	assert_ok(file_write_text(AT_FDCWD, "package/DEBIAN/control", control, 0644, &err), &err);
	for (size_t i = 0; i < array_count(cases); i++) {
		cleanup_free char *path = xasprintf("package%s/file", cases[i].path);
		*strrchr(path, '/') = '\0';
		cleanup_free char *parent = xstrndup(path, strrchr(path, '/') - path);
		assert_ok(directory_make(AT_FDCWD, parent, &err), &err);
		if (!file_exists(AT_FDCWD, path))
			assert_ok(file_write_text(AT_FDCWD, path, "", 0644, &err), &err);
	}
	free(run_program("sh", "-c", script, NULL));
	for (size_t i = 0; i < array_count(cases); i++) {
		cleanup_free char *path = xasprintf("root%s", cases[i].path);
		if (file_exists(AT_FDCWD, path) == (cases[i].rule != NULL))
			fail_msg("%s: dpkg thinks otherwise", cases[i].path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules_match),
		cmocka_unit_test(test_some_hold_for_every_image),
		cmocka_unit_test(test_names_are_known_and_unique),
		cmocka_unit_test(test_dpkg_agrees),
	};

	return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
