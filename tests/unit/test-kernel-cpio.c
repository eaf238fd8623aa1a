/* The cpio archive of the initramfs, read back by libarchive, which knows nothing of ours. */
#include "support/test.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "kernel/cpio.h"

static void fill(struct cpio *cpio)
{
	cpio_add(cpio, "bin", S_IFDIR | 0755, NULL, 0);
	cpio_add_device(cpio, "console", S_IFCHR | 0600, makedev(5, 1));
	cpio_add(cpio, "bin/one", S_IFREG | 0755, "1", 1);
	cpio_add(cpio, "bin/four", S_IFREG | 0644, "4444", 4);
	cpio_add(cpio, "bin/empty", S_IFREG | 0600, "", 0);
	cpio_add(cpio, "link", S_IFLNK | 0777, "bin/one", 7);
	cpio_finish(cpio);
}

static void test_reads_back(void **state)
{
	const struct {
		const char *path, *content, *target;
		mode_t mode;
		dev_t device;
	} wanted[] = {
		{"bin", NULL, NULL, S_IFDIR | 0755, 0},
		{"console", NULL, NULL, S_IFCHR | 0600, makedev(5, 1)},
		{"bin/one", "1", NULL, S_IFREG | 0755, 0},
		{"bin/four", "4444", NULL, S_IFREG | 0644, 0},
		{"bin/empty", "", NULL, S_IFREG | 0600, 0},
		{"link", NULL, "bin/one", S_IFLNK | 0777, 0},
	};
	cleanup_cpio struct cpio cpio = {0};
	struct archive *reader = archive_read_new();
	struct archive_entry *entry;

	(void)state;
	fill(&cpio);
	archive_read_support_format_cpio(reader);
	assert_int_equal(
		archive_read_open_memory(reader, cpio.archive.data, cpio.archive.length), 0);
	for (size_t i = 0; i < array_count(wanted); i++) {
		char content[8] = "";
		assert_int_equal(archive_read_next_header(reader, &entry), ARCHIVE_OK);
		assert_string_equal(archive_entry_pathname(entry), wanted[i].path);
		assert_int_equal(archive_entry_mode(entry), wanted[i].mode);
		assert_int_equal(archive_entry_uid(entry), 0);
		assert_int_equal(archive_entry_mtime(entry), 0);
		assert_null(archive_entry_hardlink(entry));
		if (wanted[i].device)
			assert_int_equal(archive_entry_rdev(entry), wanted[i].device);
		if (wanted[i].target)
			assert_string_equal(archive_entry_symlink(entry), wanted[i].target);
		if (!wanted[i].content)
			continue;
		assert_int_equal(archive_entry_size(entry), strlen(wanted[i].content));
		archive_read_data(reader, content, sizeof(content) - 1);
		assert_string_equal(content, wanted[i].content);
	}
	assert_int_equal(archive_read_next_header(reader, &entry), ARCHIVE_EOF);
	archive_read_free(reader);
}

static void test_is_the_same_each_time(void **state)
{
	cleanup_cpio struct cpio first = {0}, second = {0};

	(void)state;
	fill(&first);
	fill(&second);
	assert_int_equal(first.archive.length, second.archive.length);
	assert_int_equal(first.archive.length % 4, 0);
	assert_memory_equal(first.archive.data, second.archive.data, first.archive.length);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_back),
		cmocka_unit_test(test_is_the_same_each_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
