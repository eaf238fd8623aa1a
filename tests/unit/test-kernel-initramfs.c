/* The initramfs: what the kernel would find in it. */
#include "support/test.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "kernel/initramfs.h"
#include "support/scratch.h"

static struct module ring = {.name = "ring", .path = "ring.ko", .needs = ""};
static struct module disk = {
	.name = "my_disk", .path = "my-disk.ko.xz", .needs = "other/ring.ko ring.ko"};

static int make(struct buffer *image, struct error *err)
{
	struct module *items[] = {&ring, &disk};
	const struct module_order order = {.items = items, .count = array_count(items)};
	cleanup_fd int here = open(".", O_RDONLY | O_DIRECTORY);

	return initramfs_make(&(struct initramfs){here, &order, "busybox"}, image, err);
}

static int write_inputs(void **state)
{
	struct error err = {0};

	if (enter_scratch(state))
		return -1;
	assert_ok(file_write_text(AT_FDCWD, "busybox", "a program", 0755, &err), &err);
	assert_ok(file_write_text(AT_FDCWD, "ring.ko", "the ring", 0644, &err), &err);
	assert_ok(file_write_text(AT_FDCWD, "my-disk.ko", "the disk", 0644, &err), &err);
	free(run_program("xz", "-f", "my-disk.ko", NULL));
	return 0;
}

/* The content of a file, or the target of a link, in the image; "" when there is none. Owned by
 * the caller. */
static char *look_up(const struct buffer *image, const char *path)
{
	struct archive *reader = archive_read_new();
	struct archive_entry *entry;
	char *found = xstrdup("");

	archive_read_support_filter_zstd(reader);
	archive_read_support_format_cpio(reader);
	assert_int_equal(archive_read_open_memory(reader, image->data, image->length), ARCHIVE_OK);
	while (archive_read_next_header(reader, &entry) == ARCHIVE_OK) {
		size_t size = archive_entry_size(entry);
		const char *target = archive_entry_symlink(entry);
		if (strcmp(archive_entry_pathname(entry), path))
			continue;
		free(found);
		found = target ? xstrdup(target) : xcalloc(1, size + 1);
		if (!target)
			assert_int_equal(archive_read_data(reader, found, size), size);
	}
	archive_read_free(reader);
	return found;
}

static void test_holds_what_init_needs(void **state)
{
	static const struct {
		const char *path, *content;
	} wanted[] = {
		{"bin/busybox", "a program"}, {"bin/sh", "busybox"}, {"bin/switch_root", "busybox"},
		{"modules/order", "ring.ko\nmy_disk.ko ring.ko\n"}, {"modules/ring.ko", "the ring"},
		{"modules/my_disk.ko", "the disk"}, /* uncompressed */
	};
	cleanup_buffer struct buffer image = {0};
	struct error err = {0};

	(void)state;
	assert_ok(make(&image, &err), &err);
	for (size_t i = 0; i < array_count(wanted); i++) {
		cleanup_free char *content = look_up(&image, wanted[i].path);
		assert_string_equal(content, wanted[i].content);
	}
	cleanup_free char *init = look_up(&image, "init");
	assert_non_null(strstr(init, "#!/bin/sh\n"));
	assert_non_null(strstr(init, "exec switch_root"));
}

/* Every program that the script calls is there by its name. */
static void test_init_finds_its_programs(void **state)
{
	static const char *const programs[] = {
		"findfs", "hexdump", "insmod", "mount", "sleep", "switch_root"};
	cleanup_buffer struct buffer image = {0};
	struct error err = {0};

	(void)state;
	assert_ok(make(&image, &err), &err);
	cleanup_free char *init = look_up(&image, "init");
	for (size_t i = 0; i < array_count(programs); i++) {
		cleanup_free char *path = xasprintf("bin/%s", programs[i]);
		cleanup_free char *target = look_up(&image, path);
		assert_string_equal(target, "busybox");
		assert_non_null(strstr(init, programs[i]));
	}
}

static void test_is_the_same_each_time(void **state)
{
	cleanup_buffer struct buffer first = {0}, second = {0};
	struct error err = {0};

	(void)state;
	assert_ok(make(&first, &err), &err);
	assert_ok(make(&second, &err), &err);
	assert_int_equal(first.length, second.length);
	assert_memory_equal(first.data, second.data, first.length);
}

static void test_a_damaged_module_is_noticed(void **state)
{
	cleanup_buffer struct buffer image = {0}, module = {0};
	struct error err = {0};

	(void)state;
	assert_ok(file_read(AT_FDCWD, "my-disk.ko.xz", 4096, &module, &err), &err);
	module.data[module.length - 20] ^= 0x55;
	assert_ok(file_write(AT_FDCWD, "my-disk.ko.xz", module.data, module.length, 0644, &err),
		&err);
	assert_fails(make(&image, &err), &err, STATUS_FAILED, "my-disk.ko.xz");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_holds_what_init_needs),
		cmocka_unit_test(test_init_finds_its_programs),
		cmocka_unit_test(test_is_the_same_each_time),
		cmocka_unit_test(test_a_damaged_module_is_noticed),
	};

	return cmocka_run_group_tests(tests, write_inputs, leave_scratch);
}
