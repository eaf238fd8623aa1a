/* What a grub.cfg boots, as far as a direct boot needs to know. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "boot/kernel-files.h"

static const struct {
	const char *config, *kernel, *initrd, *command_line;
} cases[] = {
	{"linux /boot/vmlinuz root=UUID=7 ro quiet\ninitrd /boot/initrd.img\nboot\n",
		"/boot/vmlinuz", "/boot/initrd.img", "root=UUID=7 ro quiet"},
	{"set timeout=0\nmenuentry 'Debian' {\n\tlinux\t/vmlinuz  console=ttyS0\n}\n", "/vmlinuz",
		NULL, " console=ttyS0"},
	{"linux /a\nlinux /b second\ninitrd /of-b\n", "/a", NULL, ""},
	{"initrd /early\nlinux /a x\ninitrd /late\ninitrd /later\n", "/a", "/late", "x"},
	{"linux /a", "/a", NULL, ""},
};

static void first_entry_counts(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		struct grub_entry entry = {0};
		assert_true(grub_entry_parse(cases[i].config, &entry));
		assert_string_equal(entry.kernel, cases[i].kernel);
		assert_true(text_equal(entry.initrd, cases[i].initrd));
		assert_string_equal(entry.command_line, cases[i].command_line);
		grub_entry_release(&entry);
	}
}

static void no_kernel_is_none(void **state)
{
	static const char *const configs[] = {
		"", "\n\n", "linux", "linuxrc /a\n", "# linux /a\n", "echo linux /a\n"};
	struct grub_entry entry;

	(void)state;
	for (size_t i = 0; i < array_count(configs); i++)
		assert_false(grub_entry_parse(configs[i], &entry));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_entry_counts),
		cmocka_unit_test(no_kernel_is_none),
	};

	return cmocka_run_group_tests_name("kernel files", tests, NULL, NULL);
}
