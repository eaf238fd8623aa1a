/* What a grub.cfg boots, as far as a direct boot needs to know. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "boot/kernel-files.h"

static const struct {
	const char *config, *kernel, *initrd, *command_line, *program;
} cases[] = {
	{"linux /boot/vmlinuz root=UUID=7 ro quiet\ninitrd /boot/initrd.img\nboot\n",
		"/boot/vmlinuz", "/boot/initrd.img", "root=UUID=7 ro quiet", NULL},
	{"set timeout=0\nmenuentry 'Debian' {\n\tlinux\t/vmlinuz  console=ttyS0\n}\n", "/vmlinuz",
		NULL, " console=ttyS0", NULL},
	{"linux /a\nlinux /b second\ninitrd /of-b\n", "/a", NULL, "", NULL},
	{"initrd /early\nlinux /a x\ninitrd /late\ninitrd /later\n", "/a", "/late", "x", NULL},
	{"linux /a", "/a", NULL, "", NULL},
	{"search.fs_uuid 1A2B-3C4D esp\nloopback uki ($esp)/EFI/BOOT/X.EFI\nlinux (uki)8+9 quiet\n"
	 "initrd (uki)17+2\n",
		"(uki)8+9", "(uki)17+2", "quiet", "/EFI/BOOT/X.EFI"},
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
		assert_true(text_equal(entry.program, cases[i].program));
		grub_entry_release(&entry);
	}
}

static void no_kernel_is_none(void **state)
{
	static const char *const configs[] = {"", "\n\n", "linux", "linuxrc /a\n", "# linux /a\n",
		"echo linux /a\n", "loopback uki (x)/y\n"};
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
