/* Files: whole reads, atomic replacement, directories, and removal that never leaves its tree. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "support/test.h"

static void write_text(const char *path, const char *text)
{
	struct error err = {0};

	assert_ok(file_write_text(AT_FDCWD, path, text, 0644, &err), &err);
}

static void assert_content(const char *path, const char *text)
{
	cleanup_buffer struct buffer content = {0};
	struct error err = {0};

	assert_ok(file_read(AT_FDCWD, path, 1 << 20, &content, &err), &err);
	assert_string_equal(content.data, text);
}

static void reads_up_to_the_limit(void **state)
{
	cleanup_buffer struct buffer content = {0};
	struct error err = {0};

	(void)state;
	write_text("ten", "0123456789");
	assert_fails(file_read(AT_FDCWD, "ten", 9, &content, &err), &err, STATUS_FAILED,
		"ten: larger than 9 bytes");
	assert_null(content.data);
	assert_ok(file_read(AT_FDCWD, "ten", 10, &content, &err), &err);
	assert_int_equal(content.length, 10);
	buffer_release(&content);
	write_text("none", "");
	assert_ok(file_read(AT_FDCWD, "none", 0, &content, &err), &err);
	assert_string_equal(content.data, "");
	assert_fails(file_read(AT_FDCWD, "missing", 9, &content, &err), &err, STATUS_FAILED,
		"missing: No such file");
}

static void write_sets_the_mode_and_follows_no_link(void **state)
{
	struct error err = {0};
	struct stat status;

	(void)state;
	mode_t mask = umask(077);
	assert_ok(file_write_text(AT_FDCWD, "script", "#!", 0755, &err), &err);
	umask(mask);
	assert_int_equal(stat("script", &status), 0);
	assert_int_equal(status.st_mode & 07777, 0755);

	write_text("outside", "kept");
	assert_int_equal(symlink("outside", "link"), 0);
	assert_fails(file_write_text(AT_FDCWD, "link", "lost", 0644, &err), &err, STATUS_FAILED,
		"link: ");
	assert_content("outside", "kept");
}

static void replace_is_all_or_nothing(void **state)
{
	struct error err = {0};

	(void)state;
	write_text("file", "old");
	cleanup_fd int reader = open("file", O_RDONLY);
	assert_ok(file_replace("file", "new", 3, &err), &err);
	assert_content("file", "new");
	char before[4] = "";
	assert_int_equal(read(reader, before, 3), 3);
	assert_string_equal(before, "old");

	/* Over a directory it fails, and leaves nothing beside it. */
	assert_int_equal(mkdir("taken", 0755), 0);
	assert_fails(file_replace("taken", "new", 3, &err), &err, STATUS_FAILED, "taken: renaming");
	cleanup_free char *beside = xasprintf("taken.%d.part", getpid());
	assert_false(file_exists(AT_FDCWD, beside));
	assert_fails(
		file_replace("no/such/file", "", 0, &err), &err, STATUS_FAILED, "no/such/file");
}

static void positioned_access(void **state)
{
	struct error err = {0};
	char data[4] = "";

	(void)state;
	cleanup_fd int fd = open("sparse", O_RDWR | O_CREAT, 0644);
	assert_ok(file_write_at(fd, 5ull << 32, "abc", 3, &err), &err);
	assert_ok(file_read_at(fd, 5ull << 32, data, 3, &err), &err);
	assert_string_equal(data, "abc");
	assert_fails(file_read_at(fd, (5ull << 32) + 1, data, 3, &err), &err, STATUS_FAILED,
		"the file ends at byte 21474836483, 1 bytes early");
	cleanup_fd int full = open("/dev/full", O_WRONLY);
	assert_fails(file_write_all(full, "x", 1, &err), &err, STATUS_FAILED, "No space left");
}

static void copies(void **state)
{
	struct error err = {0};
	size_t length = 300000;
	cleanup_free char *data = xmalloc(length);
	cleanup_buffer struct buffer copy = {0};

	(void)state;
	for (size_t i = 0; i < length; i++)
		data[i] = (char)(i * 7 + i / 251);
	assert_ok(file_write(AT_FDCWD, "source", data, length, 0644, &err), &err);
	cleanup_fd int from = open("source", O_RDONLY);
	cleanup_fd int to = open("copy", O_RDWR | O_CREAT, 0644);
	assert_ok(file_copy(from, to, &err), &err);
	assert_ok(file_read(AT_FDCWD, "copy", length, &copy, &err), &err);
	assert_int_equal(copy.length, length);
	assert_memory_equal(copy.data, data, length);

	/* Where the kernel cannot copy between the two, it is done by hand. */
	int ends[2];
	char head[3];
	assert_int_equal(pipe(ends), 0);
	cleanup_fd int small = open("ten", O_RDONLY);
	assert_ok(file_copy(small, ends[1], &err), &err);
	assert_int_equal(read(ends[0], head, 3), 3);
	assert_memory_equal(head, "012", 3);
	close(ends[0]);
	close(ends[1]);
	cleanup_fd int full = open("/dev/full", O_WRONLY);
	lseek(from, 0, SEEK_SET);
	assert_fails(file_copy(from, full, &err), &err, STATUS_FAILED, "No space left");
}

static void directories(void **state)
{
	struct error err = {0};

	(void)state;
	assert_ok(directory_make(AT_FDCWD, "a/b/c", &err), &err);
	assert_ok(directory_make(AT_FDCWD, "a/b/c", &err), &err);
	assert_ok(directory_make(AT_FDCWD, "a//b/d/", &err), &err);
	assert_true(file_exists(AT_FDCWD, "a/b/c"));
	assert_true(file_exists(AT_FDCWD, "a/b/d"));
	write_text("plain", "");
	assert_fails(directory_make(AT_FDCWD, "plain", &err), &err, STATUS_FAILED, "plain: ");
	assert_fails(directory_make(AT_FDCWD, "plain/x", &err), &err, STATUS_FAILED, "plain/x: ");
	assert_int_equal(symlink("a/b", "to-b"), 0);
	assert_ok(directory_make(AT_FDCWD, "to-b", &err), &err);
	assert_ok(directory_make(AT_FDCWD, "to-b/e", &err), &err);
	assert_true(file_exists(AT_FDCWD, "a/b/e"));
}

static void removal_stays_inside_the_tree(void **state)
{
	struct error err = {0};

	(void)state;
	assert_ok(directory_make(AT_FDCWD, "precious", &err), &err);
	write_text("precious/file", "kept");
	assert_ok(directory_make(AT_FDCWD, "tree/deep/er", &err), &err);
	write_text("tree/deep/file", "");
	assert_int_equal(symlink("../precious", "tree/link"), 0);
	assert_int_equal(symlink("../../precious/file", "tree/deep/link"), 0);
	assert_int_equal(link("precious/file", "tree/hard"), 0);
	assert_int_equal(symlink("nowhere", "tree/dangling"), 0);
	assert_int_equal(mkfifo("tree/fifo", 0600), 0);
	assert_ok(tree_remove(AT_FDCWD, "tree", &err), &err);
	assert_false(file_exists(AT_FDCWD, "tree"));
	assert_content("precious/file", "kept");

	assert_int_equal(symlink("precious", "top-link"), 0);
	assert_ok(tree_remove(AT_FDCWD, "top-link", &err), &err);
	assert_false(file_exists(AT_FDCWD, "top-link"));
	assert_content("precious/file", "kept");
	assert_ok(tree_remove(AT_FDCWD, "missing", &err), &err);
	assert_fails(tree_remove(AT_FDCWD, "precious/file/x", &err), &err, STATUS_FAILED,
		"precious/file/x: ");
}

/* A child that is not root meets modes that forbid reading or changing a directory. */
static void removal_overcomes_modes(void **state)
{
	struct error err = {0};

	(void)state;
	assert_ok(directory_make(AT_FDCWD, "modes/unreadable/inner", &err), &err);
	assert_ok(directory_make(AT_FDCWD, "modes/unwritable", &err), &err);
	write_text("modes/unwritable/file", "");
	const char *const paths[] = {"modes/unwritable/file", "modes/unreadable/inner",
		"modes/unreadable", "modes/unwritable", "modes", "."};
	for (size_t i = 0; !geteuid() && i < array_count(paths); i++)
		assert_int_equal(chown(paths[i], 65534, 65534), 0);
	assert_int_equal(chmod("modes/unreadable", 0), 0);
	assert_int_equal(chmod("modes/unwritable", 0555), 0);
	pid_t pid = fork();
	if (!pid) {
		if (!geteuid() && (setgid(65534) || setuid(65534)))
			_exit(2);
		_exit(tree_remove(AT_FDCWD, "modes", &err) ? 1 : 0);
	}
	int wait_status;
	assert_int_equal(waitpid(pid, &wait_status, 0), pid);
	assert_int_equal(wait_status, 0);
	assert_false(file_exists(AT_FDCWD, "modes"));
}

static void work_directory_vanishes(void **state)
{
	struct error err = {0};
	struct stat status;
	cleanup_free char *path = NULL;

	(void)state;
	{
		cleanup_work struct work_directory work = {0};
		assert_ok(work_directory_make(".", "work", &work, &err), &err);
		path = xstrdup(work.path);
		assert_int_equal(stat(path, &status), 0);
		assert_int_equal(status.st_mode & 07777, 0700);
		cleanup_free char *inner = xasprintf("%s/x/y", path);
		assert_ok(directory_make(AT_FDCWD, inner, &err), &err);
	}
	assert_false(file_exists(AT_FDCWD, path));
	struct work_directory none = {0};
	assert_fails(work_directory_make("missing", "work", &none, &err), &err, STATUS_FAILED,
		"missing/work");
	assert_null(none.path);
}

static void programs_are_found_on_the_path(void **state)
{
	struct error err = {0};

	(void)state;
	assert_ok(
		directory_make(AT_FDCWD, "bin1/tool", &err), &err); /* a directory is no program */
	assert_ok(directory_make(AT_FDCWD, "bin2", &err), &err);
	assert_ok(file_write_text(AT_FDCWD, "bin2/tool", "", 0755, &err), &err);
	assert_ok(file_write_text(AT_FDCWD, "bin2/data", "", 0644, &err), &err);
	cleanup_free char *path = xstrdup(getenv("PATH"));
	setenv("PATH", "bin1:bin2", 1);
	cleanup_free char *tool = program_find("tool");
	cleanup_free char *data = program_find("data");
	cleanup_free char *missing = program_find("no-such-program");
	cleanup_free char *administration = program_find("chroot"); /* in /usr/sbin */
	setenv("PATH", path, 1);
	assert_string_equal(tool, "bin2/tool");
	assert_null(data);
	assert_null(missing);
	assert_non_null(administration);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_up_to_the_limit),
		cmocka_unit_test(write_sets_the_mode_and_follows_no_link),
		cmocka_unit_test(replace_is_all_or_nothing),
		cmocka_unit_test(positioned_access),
		cmocka_unit_test(copies),
		cmocka_unit_test(directories),
		cmocka_unit_test(removal_stays_inside_the_tree),
		cmocka_unit_test(removal_overcomes_modes),
		cmocka_unit_test(work_directory_vanishes),
		cmocka_unit_test(programs_are_found_on_the_path),
	};

	return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
