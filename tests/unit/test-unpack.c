/* Packages that mean harm, or are merely odd: nothing outside the root is touched, and the error
 * names the package. */
#include "support/unpack.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/size.h"

static void refuse(struct made made, const char *why)
{
	struct error err = {0};

	made.name = "evil";
	unpack_begin(NULL);
	assert_fails(unpack_all(&made, 1, &err), &err, STATUS_ARCHIVE, why);
	unpack_begin(NULL);
	assert_int_equal(unpack_all(&made, 1, &err), -1);
	assert_non_null(strstr(err.message, "evil 1"));
	error_release(&err);
}

static void test_paths_that_lead_out(void **state)
{
	static const char *const paths[] = {"../new", "./../outside/new", "usr/../../outside/new",
		"/outside/new", "usr/..", "usr/./x", "a\nb"};

	(void)state;
	for (size_t i = 0; i < array_count(paths); i++)
		refuse((struct made){.data = PIECES({.path = paths[i]})}, "unsafe path");
}

static void test_links_that_lead_out(void **state)
{
	cleanup_free char *root_link = xasprintf("%s/file", unpack_outside);

	(void)state;
	refuse((struct made){.data = PIECES(
				     {.path = "way", .type = AE_IFLNK, .link = unpack_outside},
				     {.path = "way/new"})},
		"way/new");
	refuse((struct made){.data = PIECES({.path = "way", .type = AE_IFLNK, .link = "../outside"},
				     {.path = "way/new"})},
		"way/new");
	refuse((struct made){.data = PIECES(
				     {.path = "way", .type = AE_IFLNK, .link = unpack_outside},
				     {.path = "way/", .type = AE_IFDIR}, {.path = "way/new"})},
		"way");
	refuse((struct made){.data = PIECES({.path = "x", .hard_link = root_link})},
		"unsafe hard link");
	refuse((struct made){.data = PIECES({.path = "x", .hard_link = "../outside/file"})},
		"unsafe hard link");
	refuse((struct made){.data = PIECES({.path = "x", .hard_link = "no/such/file"})},
		"no file");
	refuse((struct made){.data = PIECES({.path = "d", .type = AE_IFDIR},
				     {.path = "x", .hard_link = "d"})},
		"no file");
}

static void test_path_below_a_file(void **state)
{
	(void)state;
	refuse((struct made){.data = PIECES({.path = "x"}, {.path = "x/y"})}, "Not a directory");
	refuse((struct made){.data = PIECES({.path = "x"}, {.path = "x/y/", .type = AE_IFDIR},
				     {.path = "x/y/z"})},
		"Not a directory");
}

/* The link of one package leads the files of another somewhere, but never out of the root. */
static void test_link_of_another_package(void **state)
{
	const struct made made[] = {
		{.name = "aaa",
			.data = PIECES({.path = "way", .type = AE_IFLNK, .link = unpack_outside})},
		{.name = "bbb",
			.data = PIECES({.path = "way", .type = AE_IFDIR}, {.path = "way/new"},
				{.path = "way/file"})},
	};
	struct error err = {0};
	struct stat status;

	(void)state;
	assert_ok(unpack_all(made, 2, &err), &err);
	assert_int_equal(lstat("root/way", &status), 0);
	assert_true(S_ISDIR(status.st_mode));
}

/* The same when the link was there before, as that of a layer below. */
static void test_link_that_was_there_before(void **state)
{
	const struct made made = {
		"aaa", .data = PIECES({.path = "way", .type = AE_IFDIR}, {.path = "way/new"},
			       {.path = "way/file", .mode = 0777},
			       {.path = "way/far", .type = AE_IFDIR, .mode = 0777})};
	struct error err = {0};

	cleanup_free char *inside = xasprintf("root%s", unpack_outside);
	cleanup_free char *new = xasprintf("%s/new", inside);

	(void)state;
	assert_int_equal(symlink(unpack_outside, "root/way"), 0);
	assert_ok(directory_make(AT_FDCWD, inside, &err), &err);
	assert_ok(unpack_all(&made, 1, &err), &err);
	assert_true(file_exists(AT_FDCWD, new));
}

/* Whatever a package or a script made of dpkg's database. */
static void test_database_that_leads_out(void **state)
{
	static const char *const names[] = {"var/lib/dpkg/status", "var/lib/dpkg/info/evil.list",
		"var/lib/dpkg/triggers/File", "var/lib/dpkg/triggers/Unincorp"};
	cleanup_free char *file = xasprintf("%s/file", unpack_outside);
	struct error err = {0};

	(void)state;
	for (size_t i = 0; i < array_count(names); i++) {
		const struct made made = {.name = "evil",
			.data = PIECES({.path = names[i], .type = AE_IFLNK, .link = file})};
		unpack_begin(NULL);
		error_release(&err);
		(void)unpack_all(&made, 1, &err);
	}
	error_release(&err);
	const struct made made = {.name = "evil",
		.data = PIECES({.path = "var/lib/dpkg", .type = AE_IFLNK, .link = unpack_outside})};
	unpack_begin(NULL);
	(void)unpack_all(&made, 1, &err);
	error_release(&err);
}

static void test_kinds_of_files(void **state)
{
	(void)state;
	refuse((struct made){.data = PIECES({.path = "dev/sda", .type = AE_IFBLK})}, "device node");
	refuse((struct made){.data = PIECES({.path = "dev/mem", .type = AE_IFCHR})}, "device node");
	refuse((struct made){.data = PIECES({.path = "x"}, {.path = "x"})}, "twice");
	refuse((struct made){.data = PIECES(
				     {.path = "x"}, {.path = "x", .type = AE_IFLNK, .link = "y"})},
		"twice");
	refuse((struct made){.data = PIECES({.path = "x", .type = AE_IFDIR}, {.path = "x"})}, "x");
}

static void test_control_files(void **state)
{
	static const char begin_[] = "Package: evil\nVersion: 1\nArchitecture: all\n";
	static const struct {
		const char *tail, *why;
	} odd[] = {
		{"Status: install ok installed\n", "dpkg's own"},
		{"status : install ok installed\n", "dpkg's own"},
		{"\nPackage: other\nStatus: install ok installed\n", "empty line"},
		{"\r\nPackage: other\n", "empty line"},
		{" \nPackage: other\n", "empty line"},
		{"version: 2\n", "twice"},
		{"no field\n", "no field"},
		{": x\n", "no field"},
	};

	(void)state;
	for (size_t i = 0; i < array_count(odd); i++) {
		cleanup_free char *control = xasprintf("%s%s", begin_, odd[i].tail);
		refuse((struct made){.control = control}, odd[i].why);
	}
	refuse((struct made){.control = "Package: good\nVersion: 1\nArchitecture: all\n"},
		"its Package is");
	refuse((struct made){.control = "Package: evil\nVersion: 2\nArchitecture: all\n"},
		"its Version is");
	refuse((struct made){.control = ""}, "its Package is");
	refuse((struct made){.members = PIECES({.path = "list"})}, "odd control member");
	refuse((struct made){.members = PIECES({.path = "a/b"})}, "odd control member");
	refuse((struct made){.members = PIECES({.path = "preinst"}, {.path = "preinst"})},
		"two control members");
	refuse((struct made){.members = PIECES({.path = "../x"})}, "unsafe path");
	refuse((struct made){.members = PIECES({.path = "conffiles", .content = "etc/x\n"})},
		"odd conffile");
}

static void test_members_and_their_order(void **state)
{
	static const char *const orders[][4] = {{"control.tar.gz", "data.tar.gz"},
		{"debian-binary", "data.tar.gz", "control.tar.gz"},
		{"debian-binary", "data.tar.gz"}, {"debian-binary", "control.tar.gz"},
		{"debian-binary", "control.tarry", "data.tar.gz"}};
	struct error err = {0};

	(void)state;
	for (size_t i = 0; i < array_count(orders); i++)
		refuse((struct made){.order = orders[i]}, "damaged package");
	const struct made fine = {.name = "aaa",
		.order = (const char *const[]){
			"debian-binary", "_extra", "control.tar.gz", "data.tar.gz", "more", NULL}};
	unpack_begin(NULL);
	assert_ok(unpack_all(&fine, 1, &err), &err);
}

static void test_truncated(void **state)
{
	struct made made = {.name = "evil",
		.data = PIECES({.path = "usr/", .type = AE_IFDIR}, {.path = "usr/file"})};
	struct error err = {0};

	(void)state;
	for (made.cut = 10; made.cut < 400; made.cut += 7) {
		unpack_begin(NULL);
		assert_fails(unpack_all(&made, 1, &err), &err, STATUS_ARCHIVE, "evil");
	}
}

static void test_bomb(void **state)
{
	cleanup_free char *zeros = xmalloc(70 * MIB);
	struct error err = {0};
	struct made made = {.name = "evil", .data = PIECES({.path = "bomb", .content = zeros})};

	(void)state;
	memset(zeros, '0', 70 * MIB - 1);
	zeros[70 * MIB - 1] = '\0';
	refuse(made, "expands to far more");
	assert_false(file_exists(AT_FDCWD, "root/bomb"));
	made.installed_size = 70 * MIB;
	unpack_begin(NULL);
	assert_ok(unpack_all(&made, 1, &err), &err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_paths_that_lead_out, unpack_begin),
		cmocka_unit_test_setup(test_links_that_lead_out, unpack_begin),
		cmocka_unit_test_setup(test_path_below_a_file, unpack_begin),
		cmocka_unit_test_setup(test_link_of_another_package, unpack_begin),
		cmocka_unit_test_setup(test_link_that_was_there_before, unpack_begin),
		cmocka_unit_test_setup(test_database_that_leads_out, unpack_begin),
		cmocka_unit_test_setup(test_kinds_of_files, unpack_begin),
		cmocka_unit_test_setup(test_control_files, unpack_begin),
		cmocka_unit_test_setup(test_members_and_their_order, unpack_begin),
		cmocka_unit_test_setup(test_truncated, unpack_begin),
		cmocka_unit_test_setup(test_bomb, unpack_begin),
	};

	return cmocka_run_group_tests(tests, unpack_setup, leave_scratch);
}
