/* The ext4 writer, judged by e2fsck, dumpe2fs and debugfs. */
#include "support/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/size.h"
#include "image/tree.h"
#include "support/filesystem.h"
#include "support/kinds.h"
#include "support/memory-disk.h"
#include "support/scratch.h"

static int setup(void **state)
{
	if (enter_scratch(state))
		return -1;
	make_every_kind("kinds");
	return 0;
}

static void test_empty(void **state)
{
	static const char *const wanted[] = {
		"Filesystem features:      has_journal ext_attr resize_inode dir_index filetype "
		"extent 64bit flex_bg sparse_super large_file huge_file dir_nlink extra_isize "
		"metadata_csum\n",
		"Filesystem volume name:   TEST\n", "Default mount options:    user_xattr acl\n",
		"Block size:               4096\n", "Inode size:	          256\n",
		"Filesystem state:         clean\n", "Inode count:              65536\n"};
	struct error err = {0};

	(void)state;
	need_program("e2fsck");
	assert_ok(write_image(&filesystem_ext4, NULL, "empty.img", GIB, &err), &err);
	assert_e2fsck_clean("empty.img");
	cleanup_free char *head = run_program("dumpe2fs", "-h", "empty.img", NULL);
	for (size_t i = 0; i < array_count(wanted); i++)
		assert_contains(head, wanted[i]);
	cleanup_free char *groups = run_program("dumpe2fs", "empty.img", NULL);
	assert_contains(groups, "ITABLE_ZEROED");
	cleanup_free char *root = debugfs("empty.img", "ls -p /");
	assert_string_equal(root, "/2/040755/0/0/.//\n/2/040755/0/0/..//\n"
				  "/11/040700/0/0/lost+found//\n\n");
}

static const struct {
	mode_t mode;
	const char *name;
} types[] = {
	{S_IFREG, "regular"},
	{S_IFDIR, "directory"},
	{S_IFLNK, "symlink"},
	{S_IFCHR, "character special"},
	{S_IFBLK, "block special"},
	{S_IFIFO, "FIFO"},
	{S_IFSOCK, "socket"},
};

static const char *type_name(mode_t mode)
{
	for (size_t i = 0; i < array_count(types); i++)
		if ((mode & S_IFMT) == types[i].mode)
			return types[i].name;
	fail();
	return NULL;
}

static void assert_part(const char *text, const char *format, ...) printf_like(2, 3);

static void assert_part(const char *text, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	cleanup_free char *part = xvasprintf(format, arguments);
	va_end(arguments);
	assert_contains(text, part);
}

static void compare_times(const char *stat_text, const struct stat *status)
{
	struct timespec time = status->st_mtim;

	if (time.tv_sec >= (time_t)test_epoch)
		time = (struct timespec){.tv_sec = test_epoch};
	unsigned low = (unsigned)time.tv_sec;
	static const char *const names[] = {" ctime", " atime", " mtime", "crtime"};
	for (size_t i = 0; i < array_count(names); i++)
		assert_part(
			stat_text, "%s: 0x%08x:%08x", names[i], low, (unsigned)time.tv_nsec << 2);
}

static void compare_status(const char *text, const struct stat *status)
{
	mode_t mode = status->st_mode;

	assert_part(text, "Type: %s ", type_name(mode));
	assert_part(text, "Mode:  0%03o ", mode & 07777);
	assert_part(text, "User: %5u   Group: %5u ", status->st_uid, status->st_gid);
	assert_part(text, "Generation: 0 ");
	assert_part(text, "Links: %u ", (unsigned)status->st_nlink);
	if (S_ISREG(mode) || S_ISLNK(mode))
		assert_part(text, " Size: %llu\n", (unsigned long long)status->st_size);
	if (S_ISCHR(mode) || S_ISBLK(mode))
		assert_part(text, "Device major/minor number: %02u:%02u (", major(status->st_rdev),
			minor(status->st_rdev));
	compare_times(text, status);
}

static void compare_contents(const char *image, const struct tree_entry *entry)
{
	cleanup_free char *source = xasprintf("kinds/%s", entry->path);
	cleanup_free char *request = xasprintf("dump \"/%s\" dumped", entry->path);

	/* Reading five gibibytes of hole is for the other tests. */
	if (entry->status.st_size > MIB * 100)
		return;
	free(debugfs(image, request));
	free(run_program("cmp", source, "dumped", NULL));
}

static void compare_target(const char *image, const struct tree_entry *entry)
{
	cleanup_free char *request = xasprintf("stat \"/%s\"", entry->path);
	cleanup_free char *dump = xasprintf("cat \"/%s\"", entry->path);
	char target[PATH_MAX] = {0};

	assert_int_equal(readlinkat(entry->directory, entry->name, target, sizeof(target)),
		entry->status.st_size);
	cleanup_free char *text = debugfs(image, request);
	cleanup_free char *contents = debugfs(image, dump);
	if (entry->status.st_size < 60)
		assert_part(text, "Fast link dest: \"%s\"", target);
	else
		assert_string_equal(contents, target);
}

static int compare_entry(void *context, const struct tree_entry *entry, struct error *err)
{
	const char *image = context;
	cleanup_free char *request = xasprintf("stat \"/%s\"", entry->path);
	cleanup_free char *text = debugfs(image, request);
	struct stat status = entry->status;

	(void)err;
	/* The one directory that is not in the tree. */
	status.st_nlink += !entry->depth;
	compare_status(text, &status);
	if (S_ISREG(status.st_mode))
		compare_contents(image, entry);
	if (S_ISLNK(status.st_mode))
		compare_target(image, entry);
	return 0;
}

static void compare_attributes(void)
{
	cleanup_free char *all = debugfs("kinds.img", "ea_list /attributes");
	cleanup_free char *directory = debugfs("kinds.img", "ea_list /directory");

	if (!strstr(all, "user.small"))
		return;
	assert_contains(all, "user.small (5) = \"value\"");
	assert_contains(all, "user.large (3000)");
	assert_contains(all, "user.empty (0)");
	/* The form on disk: short entries without ids. */
	assert_contains(all, "system.posix_acl_access (28)");
	assert_null(strstr(all, "overlay"));
	assert_contains(directory, "user.directory (1) = \"d\"");
	if (geteuid())
		return;
	assert_contains(all, "trusted.kept (1) = \"y\"");
	assert_contains(all, "security.capability (20) = 01 00 00 02 00 20 00 00 ");
}

static void test_every_kind(void **state)
{
	char image[] = "kinds.img";
	const struct tree_visitor visitor = {.enter = compare_entry, .context = image};
	struct error err = {0};

	(void)state;
	need_program("debugfs");
	assert_ok(write_image(&filesystem_ext4, "kinds", image, 64 * MIB, &err), &err);
	assert_e2fsck_clean("kinds.img");
	cleanup_fd int root = open("kinds", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_ok(tree_walk(root, &visitor, &err), &err);
	compare_attributes();
	cleanup_free char *zeros = debugfs("kinds.img", "stat /zeros");
	assert_contains(zeros, "Blockcount: 0\n");
	cleanup_free char *sparse = debugfs("kinds.img", "stat /sparse");
	assert_contains(sparse, "Size: 5368709122\n");
	assert_contains(sparse, "Blockcount: 16\n");
}

static void test_same_bytes(void **state)
{
	struct error err = {0};

	(void)state;
	assert_ok(write_image(&filesystem_ext4, "kinds", "one.img", 64 * MIB, &err), &err);
	free(run_program("cp", "-a", "kinds", "copy", NULL));
	assert_ok(write_image(&filesystem_ext4, "copy", "two.img", 64 * MIB, &err), &err);
	free(run_program("cmp", "one.img", "two.img", NULL));
}

static void test_lost_and_found_of_the_tree(void **state)
{
	struct error err = {0};

	(void)state;
	need_program("debugfs");
	assert_int_equal(mkdir("with", 0755), 0);
	assert_int_equal(mkdir("with/lost+found", 0751), 0);
	make_file("with/lost+found", "#12", 10);
	assert_ok(write_image(&filesystem_ext4, "with", "with.img", 16 * MIB, &err), &err);
	assert_e2fsck_clean("with.img");
	cleanup_free char *list = debugfs("with.img", "ls -p /lost+found");
	assert_contains(list, "/#12/");
	cleanup_free char *text = debugfs("with.img", "stat /lost+found");
	assert_contains(text, "Mode:  0751");
}

static void test_full(void **state)
{
	struct error err = {0};
	uint64_t size = 20 * MIB;

	(void)state;
	assert_int_equal(mkdir("large", 0755), 0);
	make_file("large", "file", 30 * MIB);
	assert_fails(write_image(&filesystem_ext4, "large", "full.img", size, &err), &err,
		STATUS_FAILED, "MiB more; raise disk.size");
	/* What is said to be missing is so: that much more is enough, a little less is not. */
	while (write_image(&filesystem_ext4, "large", "full.img", size, &err)) {
		error_release(&err);
		assert_true((size += MIB) < 100 * MIB);
	}
	need_program("e2fsck");
	assert_e2fsck_clean("full.img");
}

static int write_to(struct disk *disk, struct error *err)
{
	cleanup_fd int tree = open("kinds/directory", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct filesystem_options options = test_options(".");
	const struct slice slice = {disk, 4096, disk->size - 4096};

	assert_true(tree >= 0);
	return filesystem_ext4.write(&slice, tree, &options, err);
}

/* Whichever operation of the disk fails, its error comes out. */
static void test_failing_disk(void **state)
{
	unsigned operations = 0;
	struct error err = {0};
	int result;

	(void)state;
	do {
		cleanup_disk struct disk *below = memory_disk_new(10 * MIB);
		cleanup_disk struct disk *disk = failing_disk_new(below, operations);
		result = write_to(disk, &err);
		if (result)
			assert_fails(result, &err, STATUS_FAILED, "as it should");
		assert_true(operations++ < 1000);
	} while (result);
	assert_true(operations > 20);
}

static void test_unreadable(void **state)
{
	struct error err = {0};

	(void)state;
	assert_int_equal(mkdir("closed", 0755), 0);
	make_file("closed", "secret", 10);
	assert_int_equal(chmod("closed/secret", 0), 0);
	if (geteuid())
		assert_fails(write_image(&filesystem_ext4, "closed", "no.img", 16 * MIB, &err),
			&err, STATUS_FAILED, "/secret: opening: Permission denied");
	else
		assert_ok(write_image(&filesystem_ext4, "closed", "no.img", 16 * MIB, &err), &err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_every_kind),
		cmocka_unit_test(test_same_bytes),
		cmocka_unit_test(test_lost_and_found_of_the_tree),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_failing_disk),
		cmocka_unit_test(test_unreadable),
	};

	return cmocka_run_group_tests(tests, setup, leave_scratch);
}
