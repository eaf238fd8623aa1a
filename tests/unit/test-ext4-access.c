/* Reaching into an ext4 without mounting it, judged by e2fsck and debugfs. */
#include "support/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/size.h"
#include "image/ext4.h"
#include "support/filesystem.h"
#include "support/kinds.h"
#include "support/memory-disk.h"
#include "support/scratch.h"

enum { SIZE = 32 * MIB };

/* A root with a merged /usr, and a directory with more names than fit a block. */
static int setup(void **state)
{
	char name[300];

	if (enter_scratch(state))
		return -1;
	assert_int_equal(mkdir("root", 0755), 0);
	assert_int_equal(mkdir("root/usr", 0755), 0);
	assert_int_equal(mkdir("root/usr/lib", 0755), 0);
	assert_int_equal(mkdir("root/boot", 0755), 0);
	assert_int_equal(mkdir("root/full", 0755), 0);
	assert_int_equal(symlink("usr/lib", "root/lib"), 0);
	assert_int_equal(symlink("/usr/lib", "root/absolute"), 0);
	assert_int_equal(symlink("boot/vmlinuz-6", "root/vmlinuz"), 0);
	assert_int_equal(symlink("loop", "root/loop"), 0);
	make_file("root/boot", "vmlinuz-6", 300000);
	make_file("root/usr/lib", "old", 50000);
	assert_int_equal(link("root/usr/lib/old", "root/usr/lib/old-too"), 0);
	for (unsigned i = 0; i < 400; i++) {
		snprintf(name, sizeof(name), "a-long-name-of-a-file-in-a-full-directory-%u", i);
		make_file("root/full", name, 1);
	}
	return 0;
}

struct opened {
	struct disk *disk;
	struct ext4 *ext4;
};

static struct opened open_image(const char *image, bool writable)
{
	struct opened opened = {0};
	struct error err = {0};

	assert_ok(disk_open(image, writable, &opened.disk, &err), &err);
	const struct slice slice = {opened.disk, 0, opened.disk->size};
	assert_true(ext4_probe(&slice));
	assert_ok(ext4_open(&slice, writable, &opened.ext4, &err), &err);
	return opened;
}

static void close_image(struct opened *opened)
{
	struct error err = {0};

	assert_ok(ext4_close(opened->ext4, &err), &err);
	assert_ok(disk_finish(opened->disk, &err), &err);
	disk_free(opened->disk);
}

static struct opened new_image(const char *image)
{
	struct error err = {0};

	assert_ok(write_image(&filesystem_ext4, "root", image, SIZE, &err), &err);
	return open_image(image, true);
}

static void assert_content(const char *image, const char *path, const char *wanted)
{
	cleanup_free char *request = xasprintf("cat %s", path);
	cleanup_free char *content = debugfs(image, request);

	assert_string_equal(content, wanted);
}

static void test_read(void **state)
{
	struct opened opened = new_image("read.img");
	struct buffer content = {0};
	struct error err = {0};

	(void)state;
	assert_true(ext4_exists(opened.ext4, "/lib/old"));
	assert_true(ext4_exists(opened.ext4, "/absolute/old"));
	assert_true(ext4_exists(opened.ext4, "/vmlinuz"));
	assert_false(ext4_exists(opened.ext4, "/lib/new"));
	assert_false(ext4_exists(opened.ext4, "/boot/vmlinuz-6/below"));
	assert_ok(ext4_read_file(opened.ext4, "/vmlinuz", MIB, &content, &err), &err);
	assert_int_equal(content.length, 300000);
	make_file(".", "same", 300000);
	cleanup_buffer struct buffer wanted = {0};
	assert_ok(file_read(AT_FDCWD, "same", MIB, &wanted, &err), &err);
	assert_memory_equal(content.data, wanted.data, wanted.length);
	buffer_release(&content);
	assert_fails(ext4_read_file(opened.ext4, "/vmlinuz", 299999, &content, &err), &err,
		STATUS_FAILED, "larger than 299999");
	assert_fails(ext4_read_file(opened.ext4, "/boot", MIB, &content, &err), &err, STATUS_FAILED,
		"/boot: reading it in the image: ");
	assert_fails(ext4_read_file(opened.ext4, "/none", MIB, &content, &err), &err, STATUS_FAILED,
		"/none: reading it in the image: File not found");
	assert_fails(ext4_read_file(opened.ext4, "/loop", MIB, &content, &err), &err, STATUS_FAILED,
		"/loop");
	close_image(&opened);
}

static void test_write(void **state)
{
	struct opened opened = new_image("write.img");
	struct error err = {0};

	(void)state;
	need_program("debugfs");
	assert_ok(ext4_write_file(opened.ext4, "/lib/systemd/system/agent.service", "unit\n", 5,
			  0640, &err),
		&err);
	assert_ok(ext4_symlink(opened.ext4, "/etc/systemd/wants/agent.service",
			  "/lib/systemd/system/agent.service", &err),
		&err);
	assert_ok(ext4_write_file(opened.ext4, "/absolute/old", "new", 3, 0600, &err), &err);
	assert_ok(ext4_write_file(opened.ext4, "/vmlinuz", "no link", 7, 0644, &err), &err);
	assert_ok(ext4_symlink(opened.ext4, "/boot/vmlinuz-6", "away", &err), &err);
	assert_ok(ext4_write_file(opened.ext4, "/empty", NULL, 0, 0755, &err), &err);
	assert_fails(ext4_write_file(opened.ext4, "/boot", "x", 1, 0644, &err), &err, STATUS_FAILED,
		"/boot: writing it in the image: Is a directory");
	assert_fails(ext4_write_file(opened.ext4, "/empty/x", "x", 1, 0644, &err), &err,
		STATUS_FAILED, "/empty/x");
	assert_fails(ext4_write_file(opened.ext4, "/", "x", 1, 0644, &err), &err, STATUS_FAILED,
		"/: writing");
	close_image(&opened);
	assert_e2fsck_clean("write.img");
	assert_content("write.img", "/usr/lib/systemd/system/agent.service", "unit\n");
	assert_content("write.img", "/usr/lib/old", "new");
	assert_content("write.img", "/vmlinuz", "no link");
	cleanup_free char *other = debugfs("write.img", "stat /usr/lib/old-too");
	assert_non_null(strstr(other, "Links: 1 "));
	assert_non_null(strstr(other, "Size: 50000\n"));
	cleanup_free char *file = debugfs("write.img", "stat /lib/systemd/system/agent.service");
	assert_non_null(strstr(file, "Mode:  0640 "));
	assert_non_null(strstr(file, "mtime: 0x6553f100:"));
	cleanup_free char *folder = debugfs("write.img", "stat /etc/systemd");
	assert_non_null(strstr(folder, "Mode:  0755 "));
}

static void put_many(struct ext4 *ext4)
{
	struct error err = {0};
	char path[300];

	for (unsigned i = 0; i < 300; i++) {
		snprintf(path, sizeof(path), "/full/another-name-that-is-not-short-either-%u", i);
		assert_ok(ext4_write_file(ext4, path, path, strlen(path), 0644, &err), &err);
	}
	for (unsigned i = 0; i < 200; i++) {
		snprintf(path, sizeof(path), "/full/link-with-some-length-to-its-name-%u", i);
		assert_ok(ext4_symlink(ext4, path, path, &err), &err);
		snprintf(path, sizeof(path), "/full/directory-%u/file", i);
		assert_ok(ext4_write_file(ext4, path, path, strlen(path), 0644, &err), &err);
	}
}

/* Directories that grow: linear ones as we write them, and hashed ones as the kernel makes them. */
static void test_growing_directories(void **state)
{
	struct opened opened = new_image("grow.img");
	cleanup_free char *hashed = NULL;

	(void)state;
	need_program("e2fsck");
	close_image(&opened);
	free(run_program("cp", "grow.img", "hashed.img", NULL));
	opened = open_image("grow.img", true);
	put_many(opened.ext4);
	close_image(&opened);
	assert_e2fsck_clean("grow.img");

	/* It exits with 1: it changed something. */
	free(run_program("sh", "-c", "e2fsck -fyD hashed.img || [ $? = 1 ]", NULL));
	hashed = debugfs("hashed.img", "stat /full");
	assert_non_null(strstr(hashed, "Flags: 0x81000"));
	opened = open_image("hashed.img", true);
	put_many(opened.ext4);
	close_image(&opened);
	assert_e2fsck_clean("hashed.img");
	assert_content("hashed.img", "/full/directory-199/file", "/full/directory-199/file");
}

/* The base of an overlay stays as it is. */
static void test_overlay(void **state)
{
	struct opened opened = new_image("base.img");
	struct disk_options options = {.path = "overlay.qcow2", .backing_name = "base.img"};
	struct disk *overlay;
	struct error err = {0};

	(void)state;
	need_program("qemu-img");
	close_image(&opened);
	free(run_program("cp", "base.img", "base-before.img", NULL));
	assert_ok(disk_open("base.img", false, &options.backing, &err), &err);
	options.size = options.backing->size;
	assert_ok(disk_create(&disk_qcow2, &options, &overlay, &err), &err);
	const struct slice slice = {overlay, 0, overlay->size};
	opened = (struct opened){.disk = overlay};
	assert_ok(ext4_open(&slice, true, &opened.ext4, &err), &err);
	assert_ok(ext4_write_file(opened.ext4, "/agent", "#!/bin/sh\n", 10, 0755, &err), &err);
	close_image(&opened);
	disk_free(options.backing);
	free(run_program("cmp", "base.img", "base-before.img", NULL));
	free(run_program("qemu-img", "check", "overlay.qcow2", NULL));
	free(run_program("qemu-img", "convert", "-O", "raw", "overlay.qcow2", "flat.img", NULL));
	assert_e2fsck_clean("flat.img");
	assert_content("flat.img", "/agent", "#!/bin/sh\n");
}

/* A file that does not fit leaves no trace. */
static void test_full(void **state)
{
	struct opened opened = new_image("full.img");
	cleanup_free char *data = xcalloc(1, 40 * MIB);
	struct error err = {0};

	(void)state;
	need_program("e2fsck");
	memset(data, 'x', 40 * MIB);
	assert_fails(ext4_write_file(opened.ext4, "/usr/lib/old", data, 40 * MIB, 0644, &err), &err,
		STATUS_FAILED, "/usr/lib/old: writing it in the image: ");
	close_image(&opened);
	assert_e2fsck_clean("full.img");
	cleanup_free char *old = debugfs("full.img", "stat /usr/lib/old");
	assert_non_null(strstr(old, "Size: 50000\n"));
}

static void test_refused(void **state)
{
	struct opened opened = new_image("journal.img");
	cleanup_disk struct disk *zeros = memory_disk_new(MIB), *disk = NULL;
	const struct slice none = {zeros, 0, MIB}, tiny = {zeros, 0, 512};
	struct ext4 *ext4;
	struct error err = {0};

	(void)state;
	need_program("debugfs");
	assert_false(ext4_probe(&none));
	assert_false(ext4_probe(&tiny));
	assert_fails(ext4_open(&none, false, &ext4, &err), &err, STATUS_FAILED,
		"opening the ext4 filesystem: Bad magic number");
	assert_fails(ext4_open(&tiny, false, &ext4, &err), &err, STATUS_FAILED, "outside");
	close_image(&opened);
	free(run_program("debugfs", "-w", "-R", "feature needs_recovery", "journal.img", NULL));
	assert_ok(disk_open("journal.img", true, &disk, &err), &err);
	const struct slice slice = {disk, 0, SIZE};
	assert_fails(ext4_open(&slice, false, &ext4, &err), &err, STATUS_FAILED, "journal");
}

static void test_failing_disk(void **state)
{
	unsigned operations = 0, failures = 0;
	bool done = false;

	(void)state;
	while (!done) {
		struct opened opened = new_image("failing.img");
		cleanup_disk struct disk *disk = failing_disk_new(opened.disk, operations++);
		const struct slice slice = {disk, 0, SIZE};
		struct ext4 *ext4 = NULL;
		struct error err = {0};
		int result = ext4_open(&slice, true, &ext4, &err);
		if (!result)
			result = ext4_write_file(ext4, "/usr/lib/new", "new", 3, 0644, &err);
		if (!result)
			result = ext4_close(steal_pointer(&ext4), &err);
		if (result) {
			assert_fails(result, &err, STATUS_FAILED, "as it should");
			failures++;
		}
		done = !result;
		ext4_cleanup(&ext4);
		ext4_cleanup(&opened.ext4);
		disk_free(opened.disk);
		assert_true(operations < 1000);
	}
	assert_true(failures > 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_growing_directories),
		cmocka_unit_test(test_overlay),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_failing_disk),
	};

	return cmocka_run_group_tests(tests, setup, leave_scratch);
}
