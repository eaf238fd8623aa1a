/* A kernel in dpkg's database, once the root is whole. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "kernel/register.h"
#include "support/test.h"

#define DATABASE "root/var/lib/dpkg"
#define SUM      "d41d8cd98f00b204e9800998ecf8427e"

static void put(const char *path, const char *text)
{
	struct error err = {0};

	assert_ok(file_write_text(AT_FDCWD, path, text, 0644, &err), &err);
}

static void assert_text(const char *path, const char *text)
{
	cleanup_buffer struct buffer content = {0};
	struct error err = {0};

	assert_ok(file_read(AT_FDCWD, path, 4096, &content, &err), &err);
	assert_string_equal(content.data, text);
}

/* A root that has lost one of the kernel's two files. */
static int make_root(void **state)
{
	struct error err = {0};

	(void)state;
	assert_ok(directory_make(AT_FDCWD, DATABASE "/info", &err), &err);
	assert_ok(directory_make(AT_FDCWD, "root/boot", &err), &err);
	put("root/boot/config-6.1", "");
	put(DATABASE "/status", "Package: dpkg\n\n");
	put(DATABASE "/jeos-kernel", "Package: linux-image-x\nStatus: install ok installed\n\n");
	put(DATABASE "/info/linux-image-x.list",
		"/.\n/boot\n/boot/config-6.1\n/boot/vmlinuz-6.1\n");
	put(DATABASE "/info/linux-image-x.md5sums",
		SUM "  boot/config-6.1\n" SUM "  boot/vmlinuz-6.1\n");
	return 0;
}

static void dpkg_knows_the_kernel_and_what_is_left_of_it(void **state)
{
	cleanup_free char *name = NULL, *none = NULL;
	struct error err = {0};

	(void)state;
	assert_ok(kernel_enrol("root", &name, &err), &err);
	assert_string_equal(name, "linux-image-x");
	assert_ok(kernel_registered("root", name, &err), &err);
	assert_text(DATABASE "/status",
		"Package: dpkg\n\nPackage: linux-image-x\nStatus: install ok installed\n\n");
	assert_text(DATABASE "/info/linux-image-x.list", "/.\n/boot\n/boot/config-6.1\n");
	assert_text(DATABASE "/info/linux-image-x.md5sums", SUM "  boot/config-6.1\n");
	assert_false(file_exists(AT_FDCWD, DATABASE "/jeos-kernel"));
	assert_ok(kernel_enrol("root", &none, &err), &err);
	assert_null(none);
}

static void a_hook_may_remove_it(void **state)
{
	cleanup_free char *name = NULL;
	struct error err = {0};

	(void)state;
	assert_ok(kernel_enrol("root", &name, &err), &err);
	assert_int_equal(unlink(DATABASE "/info/linux-image-x.list"), 0);
	assert_ok(kernel_registered("root", name, &err), &err);
	assert_false(file_exists(AT_FDCWD, DATABASE "/info/linux-image-x.list"));
}

static void what_a_script_has_damaged_is_refused(void **state)
{
	struct error err = {0};
	char *name;

	(void)state;
	put(DATABASE "/jeos-kernel", "Status: install ok installed\n\n");
	assert_fails(kernel_enrol("root", &name, &err), &err, STATUS_SCRIPT, "a script has");
	put(DATABASE "/jeos-kernel", "");
	assert_fails(kernel_enrol("root", &name, &err), &err, STATUS_SCRIPT, "a script has");
	assert_text(DATABASE "/status", "Package: dpkg\n\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(dpkg_knows_the_kernel_and_what_is_left_of_it, make_root),
		cmocka_unit_test_setup(a_hook_may_remove_it, make_root),
		cmocka_unit_test_setup(what_a_script_has_damaged_is_refused, make_root),
	};

	return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
