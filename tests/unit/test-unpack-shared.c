/* Packages that share paths, or find them taken: the result is the same whichever thread of the
 * unpacking is first. */
#include "support/unpack.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/size.h"

static char *content_of(const char *path)
{
	struct buffer content = {0};
	struct error err = {0};

	assert_ok(file_read(AT_FDCWD, path, 4096, &content, &err), &err);
	return content.data;
}

static void test_collision(void **state)
{
	const struct made made[] = {
		{.name = "aaa", .data = PIECES({.path = "x", .content = "a"})},
		{.name = "bbb", .data = PIECES({.path = "x", .content = "b"})},
	};
	struct error err = {0};

	(void)state;
	assert_fails(unpack_all(made, 2, &err), &err, STATUS_ARCHIVE, "in both aaa and bbb");
}

static void test_replaces(void **state)
{
	static const char head[] = "Version: 1\nArchitecture: all\n";
	cleanup_free char *by_name = xasprintf("Package: aaa\n%sReplaces: bbb\n", head);
	cleanup_free char *fitting = xasprintf("Package: aaa\n%sReplaces: bbb (<< 2)\n", head);
	cleanup_free char *older = xasprintf("Package: aaa\n%sReplaces: bbb (<< 1)\n", head);
	struct made made[] = {
		{.name = "aaa",
			.data = PIECES(
				{.path = "x", .content = "a"}, {.path = "z", .hard_link = "x"})},
		{.name = "bbb",
			.data = PIECES(
				{.path = "x", .content = "b"}, {.path = "y", .hard_link = "x"})},
	};
	struct error err = {0};

	(void)state;
	for (unsigned i = 0; i < 20; i++) { /* whichever thread is first */
		made[0].control = i % 2 ? by_name : fitting;
		unpack_begin(NULL);
		assert_ok(unpack_all(made, 2, &err), &err);
		cleanup_free char *x = content_of("root/x"), *z = content_of("root/z");
		assert_string_equal(x, "a");
		assert_string_equal(z, "a");
		cleanup_free char *list = content_of("root/var/lib/dpkg/info/bbb.list");
		assert_string_equal(list, "/y\n");
	}
	made[0].control = older;
	unpack_begin(NULL);
	assert_fails(unpack_all(made, 2, &err), &err, STATUS_ARCHIVE, "in both");
}

static void test_modes_of_shared_directories(void **state)
{
	struct made made[] = {
		{.name = "aaa",
			.data = PIECES({.path = "d", .type = AE_IFDIR, .mode = 0700},
				{.path = "e", .type = AE_IFDIR, .mode = 0711})},
		{.name = "base-files",
			.data = PIECES({.path = "d", .type = AE_IFDIR, .mode = 01777})},
		{.name = "ccc",
			.data = PIECES({.path = "e", .type = AE_IFDIR, .mode = 0755},
				{.path = "f", .type = AE_IFDIR, .mode = 0700})},
	};
	struct error err = {0};
	struct stat status;

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		unpack_begin(NULL);
		assert_int_equal(mkdir("root/f", 0750), 0);
		assert_ok(unpack_all(made, 3, &err), &err);
		assert_int_equal(stat("root/d", &status), 0);
		assert_int_equal(status.st_mode & 07777, 01777);
		assert_int_equal(stat("root/e", &status), 0);
		assert_int_equal(status.st_mode & 07777, 0711);
		assert_int_equal(stat("root/f", &status), 0);
		assert_int_equal(status.st_mode & 07777, 0750);
	}
}

/* What a script of a layer below made gives way to a package's file. */
static void test_file_that_was_there_before(void **state)
{
	const struct made made = {.name = "aaa",
		.data = PIECES({.path = "x", .content = "new"},
			{.path = "l", .type = AE_IFLNK, .link = "x"},
			{.path = "m", .type = AE_IFLNK, .link = "x"})};
	struct error err = {0};
	char target[8] = "";

	(void)state;
	assert_ok(file_write_text(AT_FDCWD, "root/x", "old", 0600, &err), &err);
	assert_ok(file_write_text(AT_FDCWD, "root/l", "old", 0600, &err), &err);
	assert_int_equal(symlink(unpack_outside, "root/m"), 0);
	assert_ok(unpack_all(&made, 1, &err), &err);
	cleanup_free char *x = content_of("root/x");
	assert_string_equal(x, "new");
	assert_int_equal(readlink("root/l", target, sizeof(target)), 1);
	assert_int_equal(readlink("root/m", target, sizeof(target)), 1);
}

/* `owner` is installed with the file x; whether a package may take it over. */
static int take_over(const char *owner, const char *replaces, struct error *err)
{
	static const char status[] = "Package: bbb\nStatus: install ok installed\n"
				     "Architecture: all\nVersion: 2:1.5-3\n\n"
				     "Package: lib\nStatus: install ok installed\n"
				     "Architecture: i386\nVersion: 1\n\n"
				     "Package: lib\nStatus: install ok installed\n"
				     "Architecture: amd64\nVersion: 2\n";
	cleanup_free char *list = xasprintf("root/var/lib/dpkg/info/%s.list", owner);
	cleanup_free char *control =
		xasprintf("Package: aaa\nVersion: 1\nArchitecture: all\nReplaces: %s\n", replaces);
	const struct made made = {
		.name = "aaa", .control = control, .data = PIECES({.path = "x", .content = "a"})};

	unpack_begin(NULL);
	assert_ok(directory_make(AT_FDCWD, "root/var/lib/dpkg/info", err), err);
	assert_ok(file_write_text(AT_FDCWD, "root/var/lib/dpkg/status", status, 0644, err), err);
	assert_ok(file_write_text(AT_FDCWD, "root/var/lib/dpkg/diversions", "", 0644, err), err);
	assert_ok(file_write_text(AT_FDCWD, list, "/x\n", 0644, err), err);
	assert_ok(file_write_text(AT_FDCWD, "root/x", "b", 0644, err), err);
	return unpack_all(&made, 1, err);
}

static void test_replaces_installed(void **state)
{
	static const struct {
		const char *owner, *replaces;
		bool fits;
	} cases[] = {
		{"bbb", "bbb", true},
		{"bbb", "bbb (<< 2:1.6)", true},
		{"bbb", "ccc, bbb (<< 2:1.5-3)", false},
		{"bbb", "bbb (<< 2:1.5-3), bbb (>= 2:1.5)", true},
		{"bbb", "ccc", false},
		{"lib:amd64", "lib (<= 1)", false},
		{"lib:i386", "lib (<= 1)", true},
	};
	struct error err = {0};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		int result = take_over(cases[i].owner, cases[i].replaces, &err);
		cleanup_free char *x = content_of("root/x");
		print_message("%s by `%s`\n", cases[i].owner, cases[i].replaces);
		assert_int_equal(result, cases[i].fits ? 0 : -1);
		assert_string_equal(x, cases[i].fits ? "a" : "b");
		assert_int_equal(err.status, cases[i].fits ? STATUS_OK : STATUS_ARCHIVE);
		error_release(&err);
	}
}

static void test_conffiles(void **state)
{
	const struct made made = {.name = "aaa",
		.data = PIECES({.path = "etc/", .type = AE_IFDIR}, {.path = "etc/x"}),
		.members = PIECES(
			{.path = "conffiles", .content = "/etc/x \nremove-on-upgrade /etc/y\n"})};
	struct error err = {0};

	(void)state;
	assert_ok(unpack_all(&made, 1, &err), &err);
	assert_true(file_exists(AT_FDCWD, "root/etc/x.dpkg-new"));
	assert_false(file_exists(AT_FDCWD, "root/etc/x"));
	cleanup_free char *status = content_of("root/var/lib/dpkg/status");
	assert_non_null(strstr(status, "Conffiles:\n /etc/x newconffile\n"
				       " /etc/y newconffile remove-on-upgrade\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_collision, unpack_begin),
		cmocka_unit_test_setup(test_replaces, unpack_begin),
		cmocka_unit_test_setup(test_modes_of_shared_directories, unpack_begin),
		cmocka_unit_test_setup(test_file_that_was_there_before, unpack_begin),
		cmocka_unit_test(test_replaces_installed),
		cmocka_unit_test_setup(test_conffiles, unpack_begin),
	};

	return cmocka_run_group_tests(tests, unpack_setup, leave_scratch);
}
