/* The ext4 writer's sizes: of directories, of tables, of the whole; judged by e2fsprogs. */
#include "support/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/size.h"
#include "image/fs-ext4.h"
#include "support/filesystem.h"
#include "support/kinds.h"
#include "support/scratch.h"

static int setup(void **state)
{
	if (enter_scratch(state))
		return -1;
	make_every_kind("kinds");
	return 0;
}

static void make_many(const char *directory, unsigned count, bool directories)
{
	char path[300];

	assert_int_equal(mkdir(directory, 0755), 0);
	for (unsigned i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/a-name-of-some-length-%0*u", directory,
			(int)(i % 200 + 1), i);
		int fd = directories ? mkdir(path, 0755)
				     : open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
		assert_true(fd >= 0);
		if (!directories)
			close(fd);
	}
}

static void test_large_directories(void **state)
{
	struct error err = {0};
	unsigned names = 0;

	(void)state;
	need_program("debugfs");
	assert_int_equal(mkdir("many", 0755), 0);
	make_many("many/files", 20000, false);
	make_many("many/directories", 1000, true);
	make_many("many/few", 10, false);
	assert_ok(write_image(&filesystem_ext4, "many", "many.img", 128 * MIB, &err), &err);
	assert_e2fsck_clean("many.img");
	cleanup_free char *list = debugfs("many.img", "ls -p /directories/../files");
	for (const char *at = list; (at = strstr(at, "/a-name-of-")); at++)
		names++;
	assert_int_equal(names, 20000);
	cleanup_free char *text = debugfs("many.img", "stat /directories");
	assert_contains(text, "Links: 1002 ");
}

/* The names in the part of htree_dump that begins with a leaf's head, all of whose hashes are at
 * least the leaf's own. */
static void assert_leaf(const char *leaf, unsigned long least)
{
	const char *end = strstr(leaf, "\n\n");

	for (const char *at = leaf; (at = strstr(at, " 0x")) && (!end || at < end); at++)
		assert_true(strtoul(at + 1, NULL, 16) >= least);
}

/* Where the kernel looks for a name, it is: debugfs prints each block with the hashes of its
 * names. */
static void test_directories_are_indexed(void **state)
{
	(void)state;
	need_program("debugfs");
	cleanup_free char *large = debugfs("many.img", "htree_dump /files");
	assert_contains(large, "Indirect levels: 1");
	cleanup_free char *middle = debugfs("many.img", "htree_dump /directories");
	assert_contains(middle, "Indirect levels: 0");
	cleanup_free char *few = debugfs("many.img", "stat /few");
	assert_contains(few, "Flags: 0x80000");
	for (const char *at = middle; (at = strstr(at, "Reading directory block")); at++) {
		const char *entry = at;
		unsigned long least = 0;
		while (entry > middle && strncmp(entry, "Entry #", 7))
			entry--;
		if (sscanf(entry, "Entry #%*u: Hash 0x%lx", &least) == 1)
			assert_leaf(at, least & ~1ul);
	}
}

static void test_sizes(void **state)
{
	static const uint64_t good[] = {8 * MIB, 100 * MIB + 4096, 129 * MIB, 2049ull * MIB,
		17 * GIB, 1024 * GIB, 3000 * GIB};
	static const uint64_t bad[] = {512, 4096, MIB, 7 * MIB};
	struct error err = {0};

	(void)state;
	need_program("e2fsck");
	for (size_t i = 0; i < array_count(good); i++) {
		assert_ok(write_image(&filesystem_ext4, NULL, "size.img", good[i], &err), &err);
		if (good[i] < 100 * GIB)
			assert_e2fsck_clean("size.img");
	}
	for (size_t i = 0; i < array_count(bad); i++)
		assert_fails(write_image(&filesystem_ext4, NULL, "size.img", bad[i], &err), &err,
			STATUS_FAILED, "raise disk.size");
}

/* What lies in the reserved blocks of the group descriptors: to a TiB, as while mounted. */
static void test_grows_to_a_tebibyte(void **state)
{
	struct error err = {0};

	(void)state;
	need_program("resize2fs");
	assert_ok(write_image(&filesystem_ext4, "kinds", "grown.img", 64 * MIB, &err), &err);
	assert_int_equal(truncate("grown.img", 1024 * GIB), 0);
	cleanup_free char *text = run_program("resize2fs", "grown.img", NULL);
	assert_contains(text, "is now 268435456 (4k) blocks long");
	assert_e2fsck_clean("grown.img");
}

static uint64_t inodes_of(const char *image)
{
	cleanup_free char *text = run_program("dumpe2fs", "-h", image, NULL);
	const char *line = strstr(text, "Inode count:");

	assert_non_null(line);
	return strtoull(line + strlen("Inode count:"), NULL, 10);
}

/* Many small files have an inode each and more; a few large ones need less of them. */
static void test_inodes_fit_the_tree(void **state)
{
	struct error err = {0};

	(void)state;
	assert_int_equal(mkdir("tiny", 0755), 0);
	make_many("tiny/files", 9000, false);
	assert_int_equal(mkdir("huge", 0755), 0);
	make_file("huge", "file", 30 * MIB);
	assert_ok(write_image(&filesystem_ext4, "tiny", "tiny.img", 64 * MIB, &err), &err);
	assert_ok(write_image(&filesystem_ext4, "huge", "huge.img", 64 * MIB, &err), &err);
	assert_ok(write_image(&filesystem_ext4, "kinds", "usual.img", 64 * MIB, &err), &err);
	assert_in_range(inodes_of("tiny.img"), 9000 + 1024, 9000 * 2);
	assert_int_equal(inodes_of("usual.img"), 64 * MIB / (16 * KIB));
	assert_in_range(inodes_of("huge.img"), 1024, 64 * MIB / (32 * KIB));
	assert_e2fsck_clean("tiny.img");
	assert_e2fsck_clean("huge.img");
}

/* What is measured is enough, and not much more than that. */
static void test_measure_fits_the_tree(void **state)
{
	static const char *const trees[] = {"kinds", "many", "tiny", "huge"};
	struct error err = {0};

	(void)state;
	for (size_t i = 0; i < array_count(trees); i++) {
		cleanup_fd int tree = open(trees[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		uint64_t size;
		assert_ok(filesystem_ext4.measure(tree, &size, &err), &err);
		assert_ok(write_image(&filesystem_ext4, trees[i], "fits.img", size, &err), &err);
		assert_e2fsck_clean("fits.img");
		uint64_t fewer = size / 5 * 4 / EXT4_BLOCK * EXT4_BLOCK;
		int less = write_image(&filesystem_ext4, trees[i], "less.img", fewer, &err);
		if (!less)
			fail_msg("%s: a fifth of its %llu bytes is too much", trees[i],
				(unsigned long long)size);
		error_release(&err);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_large_directories),
		cmocka_unit_test(test_directories_are_indexed),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_grows_to_a_tebibyte),
		cmocka_unit_test(test_inodes_fit_the_tree),
		cmocka_unit_test(test_measure_fits_the_tree),
	};

	return cmocka_run_group_tests(tests, setup, leave_scratch);
}
