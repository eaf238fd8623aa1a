/* Packages that mean harm, or are merely odd: nothing outside the root is touched, and the error
 * names the package. */
#include "support/deb.h"
#include "support/test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/size.h"
#include "rootfs/package-database.h"
#include "rootfs/unpack.h"

static const struct recipe *recipe;
static char outside[4096]; /* a directory beside the root */

static int setup(void **state)
{
	struct error err = {0};
	struct recipe *loaded;

	if (enter_scratch(state))
		return -1;
	assert_ok(file_write_text(AT_FDCWD, "box.yaml",
			  "name: box\nsuite: bookworm\narchitecture: amd64\n", 0644, &err),
		&err);
	assert_ok(recipe_load("box.yaml", &loaded, &err), &err);
	recipe = loaded;
	return 0;
}

static int begin(void **state)
{
	struct error err = {0};

	(void)state;
	assert_ok(tree_remove(AT_FDCWD, "root", &err), &err);
	assert_ok(tree_remove(AT_FDCWD, "store", &err), &err);
	assert_ok(tree_remove(AT_FDCWD, "outside", &err), &err);
	assert_ok(directory_make(AT_FDCWD, "root", &err), &err);
	assert_ok(directory_make(AT_FDCWD, "store/packages", &err), &err);
	assert_ok(directory_make(AT_FDCWD, "outside", &err), &err);
	assert_ok(file_write_text(AT_FDCWD, "outside/file", "mine\n", 0640, &err), &err);
	cleanup_free char *here = getcwd(NULL, 0);
	snprintf(outside, sizeof(outside), "%s/outside", here);
	return 0;
}

static void assert_outside_untouched(void)
{
	cleanup_buffer struct buffer content = {0};
	struct error err = {0};
	struct stat status;

	assert_ok(file_read(AT_FDCWD, "outside/file", 100, &content, &err), &err);
	assert_string_equal(content.data, "mine\n");
	assert_int_equal(stat("outside/file", &status), 0);
	assert_int_equal(status.st_nlink, 1);
	assert_int_equal(status.st_mode & 07777, 0640);
	assert_int_equal(stat("outside", &status), 0);
	assert_int_equal(status.st_nlink, 2);
	assert_false(file_exists(AT_FDCWD, "outside/new"));
}

/* Unpacks them and writes the database. */
static int try_all(const struct made *made, size_t count, struct error *err)
{
	struct store store = {.path = (char[]){"store"}};
	cleanup_unpack struct unpack unpack = {0};
	struct package packages[4] = {0};
	char sha256[4][65];
	struct package_list list = {packages, count, count};
	cleanup_fd int root = open("root", O_RDONLY | O_DIRECTORY);

	for (size_t i = 0; i < count; i++) {
		make_deb(&made[i]);
		fake_sha256(made[i].name, sha256[i]);
		packages[i] = (struct package){
			.name = made[i].name,
			.version = "1",
			.architecture = "all",
			.sha256 = sha256[i],
			.installed_size = made[i].installed_size,
			.control = "",
		};
	}
	int result = unpack_packages(&list, &store, recipe, root, &unpack, err);
	if (!result)
		result = package_database_write(&unpack, root, err);
	assert_outside_untouched();
	return result;
}

static void refuse(struct made made, const char *why)
{
	struct error err = {0};

	made.name = "evil";
	begin(NULL);
	assert_fails(try_all(&made, 1, &err), &err, STATUS_ARCHIVE, why);
	begin(NULL);
	assert_int_equal(try_all(&made, 1, &err), -1);
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
	cleanup_free char *root_link = xasprintf("%s/file", outside);

	(void)state;
	refuse((struct made){.data = PIECES({.path = "way", .type = AE_IFLNK, .link = outside},
				     {.path = "way/new"})},
		"way/new");
	refuse((struct made){.data = PIECES({.path = "way", .type = AE_IFLNK, .link = "../outside"},
				     {.path = "way/new"})},
		"way/new");
	refuse((struct made){.data = PIECES({.path = "way", .type = AE_IFLNK, .link = outside},
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

/* The link of one package leads the files of another somewhere, but never out of the root. */
static void test_link_of_another_package(void **state)
{
	const struct made made[] = {
		{.name = "aaa", .data = PIECES({.path = "way", .type = AE_IFLNK, .link = outside})},
		{.name = "bbb",
			.data = PIECES({.path = "way", .type = AE_IFDIR}, {.path = "way/new"},
				{.path = "way/file"})},
	};
	struct error err = {0};
	struct stat status;

	(void)state;
	assert_ok(try_all(made, 2, &err), &err);
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

	cleanup_free char *inside = xasprintf("root%s", outside);
	cleanup_free char *new = xasprintf("%s/new", inside);

	(void)state;
	assert_int_equal(symlink(outside, "root/way"), 0);
	assert_ok(directory_make(AT_FDCWD, inside, &err), &err);
	assert_ok(try_all(&made, 1, &err), &err);
	assert_true(file_exists(AT_FDCWD, new));
}

/* Whatever a package or a script made of dpkg's database. */
static void test_database_that_leads_out(void **state)
{
	static const char *const names[] = {"var/lib/dpkg/status", "var/lib/dpkg/info/evil.list",
		"var/lib/dpkg/triggers/File", "var/lib/dpkg/triggers/Unincorp"};
	cleanup_free char *file = xasprintf("%s/file", outside);
	struct error err = {0};

	(void)state;
	for (size_t i = 0; i < array_count(names); i++) {
		const struct made made = {.name = "evil",
			.data = PIECES({.path = names[i], .type = AE_IFLNK, .link = file})};
		begin(NULL);
		error_release(&err);
		(void)try_all(&made, 1, &err);
	}
	error_release(&err);
	const struct made made = {.name = "evil",
		.data = PIECES({.path = "var/lib/dpkg", .type = AE_IFLNK, .link = outside})};
	begin(NULL);
	(void)try_all(&made, 1, &err);
	error_release(&err);
}

static void test_kinds_of_files(void **state)
{
	const struct made below_file = {
		.name = "evil", .data = PIECES({.path = "x"}, {.path = "x/y"})};
	struct error err = {0};

	(void)state;
	assert_fails(try_all(&below_file, 1, &err), &err, STATUS_FAILED, "evil 1: x/y");
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
	begin(NULL);
	assert_ok(try_all(&fine, 1, &err), &err);
}

static void test_truncated(void **state)
{
	struct made made = {.name = "evil",
		.data = PIECES({.path = "usr/", .type = AE_IFDIR}, {.path = "usr/file"})};
	struct error err = {0};

	(void)state;
	for (made.cut = 10; made.cut < 400; made.cut += 7) {
		begin(NULL);
		assert_fails(try_all(&made, 1, &err), &err, STATUS_ARCHIVE, "evil");
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
	begin(NULL);
	assert_ok(try_all(&made, 1, &err), &err);
}

/* ---- packages that share paths ---- */

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
	assert_fails(try_all(made, 2, &err), &err, STATUS_ARCHIVE, "in both aaa and bbb");
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
		begin(NULL);
		assert_ok(try_all(made, 2, &err), &err);
		cleanup_free char *x = content_of("root/x"), *z = content_of("root/z");
		assert_string_equal(x, "a");
		assert_string_equal(z, "a");
		cleanup_free char *list = content_of("root/var/lib/dpkg/info/bbb.list");
		assert_string_equal(list, "/y\n");
	}
	made[0].control = older;
	begin(NULL);
	assert_fails(try_all(made, 2, &err), &err, STATUS_ARCHIVE, "in both");
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
		begin(NULL);
		assert_int_equal(mkdir("root/f", 0750), 0);
		assert_ok(try_all(made, 3, &err), &err);
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
	assert_int_equal(symlink(outside, "root/m"), 0);
	assert_ok(try_all(&made, 1, &err), &err);
	cleanup_free char *x = content_of("root/x");
	assert_string_equal(x, "new");
	assert_int_equal(readlink("root/l", target, sizeof(target)), 1);
	assert_int_equal(readlink("root/m", target, sizeof(target)), 1);
}

static void test_conffiles(void **state)
{
	const struct made made = {.name = "aaa",
		.data = PIECES({.path = "etc/", .type = AE_IFDIR}, {.path = "etc/x"}),
		.members = PIECES(
			{.path = "conffiles", .content = "/etc/x \nremove-on-upgrade /etc/y\n"})};
	struct error err = {0};

	(void)state;
	assert_ok(try_all(&made, 1, &err), &err);
	assert_true(file_exists(AT_FDCWD, "root/etc/x.dpkg-new"));
	assert_false(file_exists(AT_FDCWD, "root/etc/x"));
	cleanup_free char *status = content_of("root/var/lib/dpkg/status");
	assert_non_null(strstr(status, "Conffiles:\n /etc/x newconffile\n"
				       " /etc/y newconffile remove-on-upgrade\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_paths_that_lead_out, begin),
		cmocka_unit_test_setup(test_links_that_lead_out, begin),
		cmocka_unit_test_setup(test_link_of_another_package, begin),
		cmocka_unit_test_setup(test_link_that_was_there_before, begin),
		cmocka_unit_test_setup(test_database_that_leads_out, begin),
		cmocka_unit_test_setup(test_kinds_of_files, begin),
		cmocka_unit_test_setup(test_control_files, begin),
		cmocka_unit_test_setup(test_members_and_their_order, begin),
		cmocka_unit_test_setup(test_truncated, begin),
		cmocka_unit_test_setup(test_bomb, begin),
		cmocka_unit_test_setup(test_collision, begin),
		cmocka_unit_test_setup(test_replaces, begin),
		cmocka_unit_test_setup(test_modes_of_shared_directories, begin),
		cmocka_unit_test_setup(test_file_that_was_there_before, begin),
		cmocka_unit_test_setup(test_conffiles, begin),
	};

	return cmocka_run_group_tests(tests, setup, leave_scratch);
}
