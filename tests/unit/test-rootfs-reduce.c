/* Sealed roots: what stays of a small one, by its package database and by the names in programs. */
#include "support/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "rootfs/reduce.h"
#include "rootfs/strip.h"
#include "support/scratch.h"

#define INSTALLED "Status: install ok installed\n"
#define LIB       "usr/lib/x86_64-linux-gnu/"

static const char status[] =
	"Package: apt\n" INSTALLED "Depends: libapt-pkg6.0, gpgv | gnupg\nVersion: 1\n\n"
	"Package: base\nEssential: yes\n" INSTALLED
	"Pre-Depends: awk\nDepends: dpkg (>= 1), libz1 | libz-ng:any\nVersion: 2\n\n"
	"Package: dpkg\nEssential: yes\n" INSTALLED "Depends: tar\nVersion: 3\n\n"
	"Package: gone\nEssential: yes\nStatus: deinstall ok config-files\n\n"
	"Package: libapt-pkg6.0\n" INSTALLED "\n"
	"Package: libz1\n" INSTALLED "Architecture: amd64\nMulti-Arch: same\n\n"
	"Package: linux-image-jeos\n" INSTALLED "\n"
	"Package: mawk\n" INSTALLED "Provides: pawk, awk (= 1)\n\n"
	"Package: tar\nEssential: yes\n" INSTALLED "\n"
	"Package: web\n" INSTALLED "Depends: libweb\n\n"
	"Package: libweb\n" INSTALLED "\n";

static struct word wanted[] = {{.text = "none | web=1.0"}};
static struct recipe recipe = {.sealed = true, .packages = {.items = wanted, .count = 1}};

static void test_packages_that_stay(void **state)
{
	static const struct {
		const char *name;
		bool stays;
	} cases[] = {{"apt", false}, {"base", true}, {"dpkg", false}, {"libapt-pkg6.0", false},
		{"libz1", true}, {"libz1:amd64", true}, {"linux-image-jeos", true}, {"mawk", true},
		{"tar", false}, {"web", true}, {"libweb", true}};
	cleanup(reduce_packages_release) struct reduce_packages packages;

	(void)state;
	reduce_packages_choose(status, &recipe.packages, &packages);
	assert_int_equal(packages.list.count, 10);
	for (size_t i = 0; i < array_count(cases); i++) {
		const struct reduce_package *package =
			reduce_packages_find(&packages, cases[i].name);
		if (!package || package->stays != cases[i].stays)
			fail_msg("%s", cases[i].name);
	}
	assert_null(reduce_packages_find(&packages, "gone"));
	assert_null(reduce_packages_find(&packages, "libz"));
}

/* A file of the root, whose it is, and whether it stays. A text with '>' is a link. */
static const struct {
	const char *path, *package, *text;
	bool stays;
} files[] = {
	{"usr/bin/apt", "apt", "", false},
	{"etc/start", NULL, "#!/usr/bin/both\n # not quiet\n[ -x base ] || awk;\tword.\n", true},
	{"usr/bin/base", "base", "\177ELF...libz.so.1.libnoSO.so /usr/bin/inner quiet", true},
	{"usr/bin/circle", "base", "circular\n", false},
	{"usr/bin/circular", "base", "circle\n", false},
	{"usr/bin/inner", "base", "", true},
	{"usr/bin/own", NULL, "", true},
	{"usr/bin/quiet", "base", "", false},
	{"usr/bin/shown", "web", "", true},
	{"usr/bin/unseen", "base", "", false},
	{"usr/sbin/modprobe", "base", "", true},
	{"usr/sbin/word", "base", "", true},
	{"usr/share/doc/text", NULL, "unseen\n", true},
	{"usr/bin/both", "base", "", true},
	{"usr/bin/mawk", "mawk", "", true},
	{"usr/bin/awk", NULL, ">/etc/alternatives/awk", true},
	{"etc/alternatives/awk", NULL, ">/usr/bin/mawk", true},
	{"usr/bin/tar", "tar", "\177ELF libonlytar.so.1", false},
	{"usr/bin/rmt", NULL, ">/etc/alternatives/rmt", false},
	{"etc/alternatives/rmt", NULL, ">/usr/bin/tar", false},
	{"etc/nowhere", NULL, ">/run/later", true},
	{"etc/plugin.conf", NULL, "load libplugin.so.2\n", true},
	{"usr/share/apt/a/b", "apt", "", false},
	{"usr/lib/modules/1/kernel", "linux-image-jeos", "", true},
	{LIB "libz.so.1", "libz1:amd64", ">libz.so.1.2.3", true},
	{LIB "libz.so.1.2.3", "libz1:amd64", "\177ELF libdeep.so.1", true},
	{LIB "libdeep.so.1", "base", "\177ELF", true},
	{LIB "libplugin.so.2", "base", "\177ELF", true},
	{LIB "libonlytar.so.1", "base", "\177ELF libcircle.so", false},
	{LIB "libcircle.so", "base", "\177ELF libonlytar.so.1", false},
	{LIB "libnss_files.so.2", "base", "\177ELF", true},
	{"var/lib/own/program", NULL, "\177ELF liblate.so.3 /usr/bin/late", true},
	{LIB "liblate.so.3", "base", "\177ELF", true},
	{"usr/bin/late", "base", "", true},
	{LIB "libown.so", NULL, "\177ELF", true},
	{LIB "libweb.so", "web", "\177ELF", true},
	{LIB "libunasked.so", "libweb", "\177ELF", false},
	{LIB "libapt-pkg.so.6.0", "libapt-pkg6.0", "\177ELF", false},
};

static void make_root(struct error *err)
{
	static const char info[] = "root/var/lib/dpkg/info";

	assert_ok(directory_make(AT_FDCWD, info, err), err);
	assert_ok(file_write_text(AT_FDCWD, "root/var/lib/dpkg/status", status, 0644, err), err);
	assert_ok(file_write_text(AT_FDCWD, "root/var/lib/dpkg/diversions", "", 0644, err), err);
	for (size_t i = 0; i < array_count(files); i++) {
		cleanup_free char *path = xasprintf("root/%s", files[i].path);
		cleanup_free char *directory = xstrndup(path, strrchr(path, '/') - path);
		assert_ok(directory_make(AT_FDCWD, directory, err), err);
		if (*files[i].text == '>')
			assert_int_equal(symlink(files[i].text + 1, path), 0);
		else
			assert_ok(file_write_text(AT_FDCWD, path, files[i].text, 0644, err), err);
		if (!files[i].package)
			continue;
		cleanup_free char *list = xasprintf("%s/%s.list", info, files[i].package);
		FILE *out = fopen(list, "a");
		fprintf(out, "/usr\n/%s\n", files[i].path);
		assert_int_equal(fclose(out), 0);
	}
	FILE *out = fopen("root/var/lib/dpkg/info/tar.list", "a");
	fprintf(out, "/bin/both\n");
	assert_int_equal(fclose(out), 0);
	out = fopen("root/var/lib/dpkg/info/apt.list", "a");
	fprintf(out, "/usr/share/apt\n/usr/share/apt/a\n");
	assert_int_equal(fclose(out), 0);
}

static void test_files_that_stay(void **state)
{
	const struct rootfs rootfs = {.recipe = &recipe, .root = "root"};
	struct error err = {0};
	cleanup_free char *result = NULL;
	cleanup_buffer struct buffer after = {0};

	(void)state;
	make_root(&err);
	assert_ok(rootfs_reduce(&rootfs, &result, &err), &err);
	assert_string_equal(result, "sealed: 6 of 10 packages");
	for (size_t i = 0; i < array_count(files); i++) {
		cleanup_free char *path = xasprintf("root/%s", files[i].path);
		if (file_exists(AT_FDCWD, path) != files[i].stays)
			fail_msg("%s %s", path, files[i].stays ? "is gone" : "is there");
	}
	assert_false(file_exists(AT_FDCWD, "root/usr/share/apt"));
	assert_ok(file_read(AT_FDCWD, "root/var/lib/dpkg/status", 10000, &after, &err), &err);
	assert_null(strstr(after.data, "Package: apt\n"));
	assert_null(strstr(after.data, "Package: dpkg\n"));
	assert_non_null(strstr(after.data, "Package: base\n"));
	assert_non_null(strstr(after.data, "\n\nPackage: web\n"));
}

static void test_no_database(void **state)
{
	const struct rootfs rootfs = {.recipe = &recipe, .root = "empty"};
	struct error err = {0};
	cleanup_free char *result = NULL;

	(void)state;
	assert_ok(directory_make(AT_FDCWD, "empty", &err), &err);
	assert_fails(rootfs_reduce(&rootfs, &result, &err), &err, STATUS_SCRIPT, "database");
}

/* The rules of sealed images apply to them alone. */
static void test_rules(void **state)
{
	static const struct recipe open;

	(void)state;
	assert_true(strip_matches(&recipe, "/etc/apt/sources.list"));
	assert_true(strip_matches(&recipe, "/var/lib/dpkg/info/apt.list"));
	assert_false(strip_matches(&recipe, "/var/lib/dpkg/status"));
	assert_false(strip_matches(&open, "/etc/apt/sources.list"));
	assert_false(strip_matches(NULL, "/etc/apt/sources.list"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_packages_that_stay),
		cmocka_unit_test(test_files_that_stay),
		cmocka_unit_test(test_no_database),
		cmocka_unit_test(test_rules),
	};

	return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
