/* Archives of a tree, judged by GNU tar: what it unpacks is the tree. */
#include "support/test.h"

#include <fcntl.h>
#include <linux/limits.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/size.h"
#include "image/bundle.h"
#include "image/format.h"
#include "image/hardlinks.h"
#include "image/tree.h"
#include "support/filesystem.h"
#include "support/kinds.h"
#include "support/scratch.h"

/* Without the file of five gigabytes of nothing; with paths and targets that need records. */
static int setup(void **state)
{
	cleanup_buffer struct buffer deep = {0};

	if (enter_scratch(state))
		return -1;
	make_every_kind("kinds");
	assert_int_equal(unlink("kinds/sparse"), 0);
	buffer_text(&deep, "kinds/deep");
	for (unsigned i = 0; i < 30; i++)
		buffer_text(&deep, "/eleven-char");
	struct error err = {0};
	assert_ok(directory_make(AT_FDCWD, deep.data, &err), &err);
	make_file(deep.data, "file", 3 * MIB + 17);
	cleanup_free char *file = xasprintf("%s/file", deep.data);
	assert_int_equal(link(file, "kinds/zz-link-to-deep"), 0);
	/* Just what fits a header's fields: 100 bytes of name, 155 of prefix. */
	cleanup_free char *prefix = xasprintf("kinds/%0155d", 1);
	cleanup_free char *name = xasprintf("%s/%0100d", prefix, 2);
	assert_int_equal(mkdir(prefix, 0711), 0);
	make_file(prefix, name + strlen(prefix) + 1, 1);
	return 0;
}

struct listing {
	struct buffer text;
	struct hardlinks hardlinks;
	uint32_t files;
};

static int list_attribute(struct listing *listing, const char *path, const char *name)
{
	uint8_t value[XATTR_SIZE_MAX];
	ssize_t length = lgetxattr(path, name, value, sizeof(value));

	if (strstr(name, ".overlay.") || length < 0)
		return 0;
	buffer_printf(&listing->text, " %s=", name);
	for (ssize_t i = 0; i < length; i++)
		buffer_printf(&listing->text, "%02x", value[i]);
	return 0;
}

/* All that an archive keeps of an entry, as a line. */
static int list_entry(void *context, const struct tree_entry *entry, struct error *err)
{
	static const char *const attributes[] = {"security.capability", "system.posix_acl_access",
		"trusted.kept", "user.directory", "user.empty", "user.large", "user.small"};
	struct listing *listing = context;
	const struct stat *status = &entry->status;
	cleanup_free char *path = xasprintf("/proc/self/fd/%d/%s", entry->directory, entry->name);
	char target[PATH_MAX] = "", hash[HASH_TEXT] = "";
	int64_t time = status->st_mtim.tv_sec;

	if (S_ISSOCK(status->st_mode))
		return 0;
	if (S_ISLNK(status->st_mode))
		assert_true(readlink(path, target, sizeof(target) - 1) >= 0);
	if (S_ISREG(status->st_mode) && hash_file(AT_FDCWD, path, hash, err))
		return -1;
	uint32_t *number = hardlinks_number(&listing->hardlinks, status);
	if (!*number)
		*number = ++listing->files;
	buffer_printf(&listing->text, "%s %o %u:%u %lx %s %s %lld #%u", entry->path,
		status->st_mode, status->st_uid, status->st_gid, (unsigned long)status->st_rdev,
		target, hash, (long long)(time < (int64_t)test_epoch ? time : (int64_t)test_epoch),
		*number);
	for (size_t i = 0; i < array_count(attributes); i++)
		list_attribute(listing, path, attributes[i]);
	buffer_text(&listing->text, "\n");
	return 0;
}

static char *list(const char *path)
{
	struct listing listing = {0};
	const struct tree_visitor visitor = {list_entry, NULL, &listing};
	cleanup_fd int root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct error err = {0};

	assert_ok(tree_walk(root, &visitor, &err), &err);
	hardlinks_release(&listing.hardlinks);
	return listing.text.data;
}

static int write_bundle(const char *name, const char *path, struct error *err)
{
	struct format format;
	cleanup_fd int tree = open("kinds", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct image_layout layout = {.epoch = test_epoch};
	const struct image_contents contents = {.tree = tree};
	const struct image_order order = {&layout, &contents, "."};

	assert_true(format_find(name, &format));
	return format.bundle->write(format.bundle, &order, path, err);
}

static void assert_same_listing(const char *a, const char *b)
{
	size_t line = 0;

	for (size_t i = 0; a[i] && a[i] == b[i]; i++)
		line = a[i] == '\n' ? i + 1 : line;
	if (strcmp(a, b))
		fail_msg("it was\n%.400s\nand is\n%.400s", a + line, b + line);
}

static void test_unpacked_it_is_the_tree(void **state)
{
	static const char *const names[] = {"tar", "tar-gz", "tar-xz", "tar-zst"};
	cleanup_free char *before = list("kinds");

	(void)state;
	if (geteuid())
		print_message("not root: without owners and devices\n");
	for (size_t i = 0; i < array_count(names); i++) {
		cleanup_free char *file = xasprintf("it.%s", names[i]);
		struct error err = {0};
		assert_ok(write_bundle(names[i], file, &err), &err);
		assert_int_equal(mkdir("unpacked", 0700), 0);
		free(run_program("tar", "-C", "unpacked", "--xattrs", "--xattrs-include=*",
			"--numeric-owner", "-xpf", file, NULL));
		cleanup_free char *after = list("unpacked");
		assert_same_listing(before, after);
		assert_ok(tree_remove(AT_FDCWD, "unpacked", &err), &err);
	}
}

/* Times, order of creation and what lies beside leave no trace. */
static void test_twice_the_same(void **state)
{
	struct error err = {0};

	(void)state;
	assert_ok(write_bundle("tar-gz", "first.tar.gz", &err), &err);
	assert_int_equal(rename("kinds", "elsewhere"), 0);
	free(run_program("cp", "-a", "elsewhere", "kinds", NULL));
	assert_ok(write_bundle("tar-gz", "second.tar.gz", &err), &err);
	free(run_program("cmp", "first.tar.gz", "second.tar.gz", NULL));
	free(run_program("gzip", "-t", "first.tar.gz", NULL));
}

static void test_it_takes_no_file_that_is_there(void **state)
{
	struct error err = {0};

	(void)state;
	make_file(".", "there.tar", 1);
	assert_fails(write_bundle("tar", "there.tar", &err), &err, STATUS_FAILED,
		"there.tar: File exists");
}

static int write_full(enum compression compression, struct error *err)
{
	cleanup_fd int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	const struct output_options options = {.fd = fd, .compression = compression};
	cleanup_output struct output *output = NULL;
	struct output_sum in, out;

	if (output_new(&options, &output, err))
		return -1;
	/* More than is kept in memory. */
	for (unsigned i = 0; i < 64; i++)
		if (output_zeros(output, MIB, err))
			return -1;
	return output_finish(output, &in, &out, err);
}

static void test_a_full_disk_is_an_error(void **state)
{
	struct error err = {0};

	(void)state;
	assert_fails(write_full(COMPRESSION_NONE, &err), &err, STATUS_FAILED, "No space left");
	assert_fails(write_full(COMPRESSION_ZSTD, &err), &err, STATUS_FAILED, "No space left");
}

/* More runs than a header and a block have, and places that octal digits cannot say. */
static void test_sparse(void **state)
{
	cleanup_fd int from = open("holes", O_RDWR | O_CREAT | O_CLOEXEC, 0644), to = -1;
	struct error err = {0};
	cleanup_output struct output *output = NULL;
	struct output_sum in, out;
	const uint64_t step = 300 * MIB;

	(void)state;
	need_program("qemu-img");
	for (uint64_t i = 0; i < 60; i++)
		assert_int_equal(pwrite(from, &i, sizeof(i), i * step + 4096 * (i % 2)), sizeof(i));
	assert_int_equal(ftruncate(from, 60 * step + 512), 0);
	assert_ok(bundle_create("holes.tar", &to, &err), &err);
	assert_ok(output_new(&(struct output_options){.fd = to}, &output, &err), &err);
	assert_ok(tar_sparse(output, "again", from, 60 * step + 512, test_epoch, &err), &err);
	assert_ok(tar_text(output, "behind", "it", test_epoch, &err), &err);
	assert_ok(tar_end(output, &err), &err);
	assert_ok(output_finish(output, &in, &out, &err), &err);
	assert_true(out.length < MIB);
	free(run_program("tar", "-xf", "holes.tar", NULL));
	free(run_program("qemu-img", "compare", "-f", "raw", "-F", "raw", "again", "holes", NULL));
	free(run_program("grep", "-x", "it", "behind", NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unpacked_it_is_the_tree),
		cmocka_unit_test(test_twice_the_same),
		cmocka_unit_test(test_it_takes_no_file_that_is_there),
		cmocka_unit_test(test_a_full_disk_is_an_error),
		cmocka_unit_test(test_sparse),
	};

	return cmocka_run_group_tests_name("tar", tests, setup, leave_scratch);
}
