/* The FAT writer, judged by fsck.fat and mtools. */
#include "support/test.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/size.h"
#include "support/filesystem.h"
#include "support/kinds.h"
#include "support/scratch.h"

enum { SIZE = 64 * MIB };

static int setup(void **state)
{
	if (enter_scratch(state))
		return -1;
	assert_int_equal(mkdir("tree", 0755), 0);
	assert_int_equal(mkdir("tree/EFI", 0755), 0);
	assert_int_equal(mkdir("tree/EFI/BOOT", 0755), 0);
	make_file("tree/EFI/BOOT", "BOOTX64.EFI", 300000);
	make_file("tree/EFI", "a longer name, in lower case.text", 1);
	make_file("tree", "empty", 0);
	return 0;
}

static int skip_or_write(const char *tree, const char *image, struct error *err)
{
	need_program("mkfs.fat");
	need_program("mcopy");
	return write_image(&filesystem_vfat, tree, image, SIZE, err);
}

static void test_tree(void **state)
{
	struct error err = {0};

	(void)state;
	assert_ok(skip_or_write("tree", "tree.img", &err), &err);
	free(run_program("fsck.fat", "-n", "tree.img", NULL));
	assert_int_equal(mkdir("back", 0755), 0);
	free(run_program("mcopy", "-s", "-i", "tree.img", "::/EFI", "::/empty", "back", NULL));
	free(run_program("diff", "-r", "tree", "back", NULL));
	cleanup_free char *kind = run_program("blkid", "-p", "-o", "export", "tree.img", NULL);
	assert_non_null(strstr(kind, "VERSION=FAT32\n"));
	assert_non_null(strstr(kind, "LABEL=TEST\n"));
	const struct filesystem_options options = test_options(".");
	const uint8_t *id = options.uuid.bytes;
	cleanup_free char *serial =
		xasprintf("\nUUID=%02X%02X-%02X%02X\n", id[0], id[1], id[2], id[3]);
	assert_non_null(strstr(kind, serial));
	assert_int_equal(access("vfat.img", F_OK), -1);
}

static void test_same_bytes(void **state)
{
	struct error err = {0};

	(void)state;
	assert_ok(skip_or_write("tree", "one.img", &err), &err);
	free(run_program("cp", "-r", "tree", "copy", NULL));
	sleep(2); /* times count in two seconds */
	assert_ok(skip_or_write("copy", "two.img", &err), &err);
	free(run_program("cmp", "one.img", "two.img", NULL));
}

static void test_refused(void **state)
{
	struct error err = {0};

	(void)state;
	assert_int_equal(mkdir("linked", 0755), 0);
	assert_int_equal(symlink("target", "linked/name"), 0);
	assert_fails(skip_or_write("linked", "linked.img", &err), &err, STATUS_FAILED,
		"/name: neither file nor directory");
	assert_int_equal(mkdir("large", 0755), 0);
	make_file("large", "file", SIZE);
	assert_fails(skip_or_write("large", "large.img", &err), &err, STATUS_FAILED,
		"/file: mcopy: exit status 1");
	assert_int_equal(access("vfat.img", F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_same_bytes),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, setup, leave_scratch);
}
