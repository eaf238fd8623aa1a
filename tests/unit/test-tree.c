/* Trees: every entry once, in order, without following links; any depth. */
#include "support/test.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "image/tree.h"
#include "support/kinds.h"
#include "support/scratch.h"

struct record {
	struct buffer text;
	const char *stop_at; /* a path whose visit fails; NULL: none */
	unsigned deepest;
};

static int record_enter(void *context, const struct tree_entry *entry, struct error *err)
{
	struct record *record = context;
	struct stat status;

	/* What the entry says of itself is so. */
	assert_int_equal(fstatat(entry->directory, entry->name, &status, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(status.st_ino, entry->status.st_ino);
	if (entry->depth > record->deepest)
		record->deepest = entry->depth;
	buffer_printf(&record->text, "+%s\n", entry->path);
	if (record->stop_at && !strcmp(entry->path, record->stop_at))
		return error_set(err, STATUS_FAILED, "enough");
	return 0;
}

static int record_leave(void *context, const struct tree_entry *entry, struct error *err)
{
	struct record *record = context;

	(void)err;
	assert_int_equal(faccessat(entry->directory, entry->name, F_OK, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISDIR(entry->status.st_mode));
	buffer_printf(&record->text, "-%s\n", entry->path);
	return 0;
}

static int walk(const char *path, struct record *record, struct error *err)
{
	const struct tree_visitor visitor = {record_enter, record_leave, record};
	cleanup_fd int root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(root >= 0);
	return tree_walk(root, &visitor, err);
}

static void test_order(void **state)
{
	struct record record = {0};
	struct error err = {0};

	(void)state;
	assert_int_equal(mkdir("order", 0755), 0);
	assert_int_equal(mkdir("order/b", 0755), 0);
	assert_int_equal(mkdir("order/b/c", 0755), 0);
	make_file("order/b", "z", 1);
	make_file("order", "b.txt", 1);
	make_file("order", "a", 1);
	make_file("order", "\xc3\xa4", 1);
	make_file("order", "B", 1);
	assert_int_equal(symlink("b", "order/link"), 0);
	assert_ok(walk("order", &record, &err), &err);
	assert_string_equal(record.text.data,
		"+\n+B\n+a\n+b\n+b/c\n-b/c\n+b/z\n-b\n+b.txt\n+link\n+\xc3\xa4\n-\n");
	buffer_release(&record.text);
}

static void test_error_names_the_path(void **state)
{
	struct record record = {.stop_at = "b/z"};
	struct error err = {0};

	(void)state;
	assert_fails(walk("order", &record, &err), &err, STATUS_FAILED, "/b/z: enough");
	assert_null(strstr(record.text.data, "b.txt"));
	buffer_release(&record.text);
}

/* Deeper than there are descriptors, with paths longer than PATH_MAX. */
static void test_depth(void **state)
{
	enum { DEPTH = 3000 };
	struct record record = {0};
	struct error err = {0};
	int fd;

	(void)state;
	assert_int_equal(mkdir("deep", 0755), 0);
	assert_true((fd = open("deep", O_RDONLY | O_DIRECTORY)) >= 0);
	for (unsigned i = 0; i < DEPTH; i++) {
		assert_int_equal(mkdirat(fd, "level", 0755), 0);
		int below = openat(fd, "level", O_RDONLY | O_DIRECTORY);
		assert_true(below >= 0);
		close(fd);
		fd = below;
	}
	close(fd);
	assert_ok(walk("deep", &record, &err), &err);
	assert_int_equal(record.deepest, DEPTH);
	buffer_release(&record.text);
	free(run_program("rm", "-r", "deep", NULL));
}

static int move_directory(void *context, const struct tree_entry *entry, struct error *err)
{
	(void)context, (void)err;
	if (!strcmp(entry->path, "from/moved/file"))
		assert_int_equal(rename("moving/from/moved", "moving/to/moved"), 0);
	return 0;
}

static void test_moved_while_read(void **state)
{
	const struct tree_visitor visitor = {.enter = move_directory};
	struct error err = {0};

	(void)state;
	assert_ok(directory_make(AT_FDCWD, "moving/from/moved", &err), &err);
	assert_ok(directory_make(AT_FDCWD, "moving/to", &err), &err);
	make_file("moving/from/moved", "file", 1);
	cleanup_fd int root = open("moving", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_fails(tree_walk(root, &visitor, &err), &err, STATUS_FAILED, "moved");
}

static void test_measure(void **state)
{
	struct tree_measure measure = {0};
	struct error err = {0};

	(void)state;
	assert_int_equal(mkdir("measured", 0755), 0);
	make_file("measured", "two-blocks", 4097);
	make_file("measured", "empty", 0);
	assert_int_equal(link("measured/two-blocks", "measured/again"), 0);
	make_file("measured", "sparse", 1);
	assert_int_equal(truncate("measured/sparse", 1 << 30), 0);
	assert_int_equal(symlink("short", "measured/link"), 0);
	cleanup_fd int root = open("measured", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_ok(tree_measure(root, &measure, &err), &err);
	assert_int_equal(measure.inodes, 5);
	assert_int_equal(measure.bytes, 4097 + (1 << 30));
	assert_int_equal(measure.blocks_4k, 1 + 2 + 1);
}

/* The last test: an interrupt cannot be taken back. */
static void test_interrupt(void **state)
{
	struct record record = {0};
	struct error err = {0};

	(void)state;
	interrupt_install();
	raise(SIGTERM);
	assert_fails(walk("order", &record, &err), &err, STATUS_INTERRUPTED, "interrupted");
	assert_ptr_equal(record.text.data, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_error_names_the_path),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_moved_while_read),
		cmocka_unit_test(test_measure),
		cmocka_unit_test(test_interrupt),
	};

	return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
