/* Trees: copies and overlays that leave the layer alone, and loans that are returned. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "sandbox/loan.h"
#include "sandbox/tree-copy.h"
#include "support/guest.h"
#include "support/scratch.h"
#include "support/test.h"

static const char make_layer[] =
	"set -e; mkdir -p layer/usr/bin layer/empty; echo tool >layer/usr/bin/tool; "
	"chmod 4755 layer/usr/bin/tool; ln layer/usr/bin/tool layer/usr/bin/other; "
	"ln -s usr/bin layer/bin; ln -s /nowhere layer/dangling; mkfifo -m 640 layer/pipe; "
	"chmod 1777 layer/empty; printf 'a\\0b' >layer/data; truncate -s 1M layer/sparse; "
	"touch -d @1000000000.5 layer/data layer/usr layer; touch -hd @1000000000 layer/bin";

/* Everything that a copy must have in common with its original. */
static char *describe(const char *tree)
{
	cleanup_free char *script = xasprintf(
		"cd %s && find . -printf '%%P %%y %%m %%U %%G %%n %%s %%T@ %%l\\n' | grep -v ' d ' "
		"| sort && find . -type d -printf '%%P %%m %%U %%G %%T@\\n' | sort && "
		"find . -type f | sort | xargs sha256sum",
		tree);

	return run_program("sh", "-c", script, NULL);
}

static void copies_are_true(void **state)
{
	struct error err = {0};
	struct stat one, other;

	(void)state;
	free(run_program("sh", "-c", make_layer, NULL));
	assert_int_equal(mkdir("copy", 0700), 0);
	int has_attributes = !setxattr("layer/data", "user.test", "value", 5, 0);
	cleanup_free char *before = describe("layer");
	assert_ok(tree_copy("layer", "copy", &err), &err);
	cleanup_free char *after = describe("copy");
	assert_string_equal(before, after);
	assert_int_equal(stat("copy/usr/bin/tool", &one) | stat("copy/usr/bin/other", &other), 0);
	assert_int_equal(one.st_ino, other.st_ino);
	if (has_attributes)
		assert_int_equal(getxattr("copy/data", "user.test", NULL, 0), 5);
	free(run_program("rm", "-r", "layer", "copy", NULL));
}

static void a_copy_says_what_it_cannot_read(void **state)
{
	struct error err = {0};

	(void)state;
	assert_fails(tree_copy("missing", ".", &err), &err, STATUS_FAILED, "missing: No such");
	assert_int_equal(mkdir("from", 0755) | mkdir("to", 0755), 0);
	assert_ok(file_write_text(AT_FDCWD, "from/x", "", 0644, &err), &err);
	assert_int_equal(mkdir("to/x", 0755), 0);
	assert_fails(tree_copy("from", "to", &err), &err, STATUS_FAILED, "/x: replacing");
	free(run_program("rm", "-r", "from", "to", NULL));
}

static void copies_merge(void **state)
{
	struct error err = {0};

	(void)state;
	free(run_program("sh", "-c",
		"mkdir -p one/d one/only two/d to; chmod 700 two/d; echo 1 >one/d/both; "
		"echo 2 >two/d/both; ln -s nowhere one/d/link; echo 2 >two/d/link; "
		"echo 1 >one/d/rest; ln one/d/both one/other",
		NULL));
	assert_ok(tree_copy("one", "to", &err), &err);
	assert_ok(tree_copy("two", "to", &err), &err);
	cleanup_free char *found = run_program("sh", "-c",
		"cd to; stat -c '%a' d; cat d/both d/link d/rest other; ls -A . d; test ! -L "
		"d/link",
		NULL);
	assert_string_equal(found, "700\n2\n2\n1\n1\n.:\nd\nonly\nother\n\nd:\nboth\nlink\nrest\n");
	free(run_program("rm", "-r", "one", "two", "to", NULL));
}

/* In the mode: a tree over the layer, in which much changes. */
static int change_tree(void *context, struct error *err)
{
	const enum sandbox_mode *mode = context;
	cleanup_free char *here = getcwd(NULL, 0);
	cleanup_free char *layer = xasprintf("%s/layer", here);
	const struct words layers = {.items = (const char *[]){layer}, .count = 1};
	bool overlay = sandbox_can_overlay(*mode, ".");
	const struct process process = {
		.arguments = (const char *const[]){"sh", "-c",
			"cd tree && test \"$(cat usr/bin/tool)\" = tool && rm -r usr && mkdir usr "
			"&& test ! -e usr/bin && echo new >data && rm bin && chmod 700 empty",
			NULL}};

	if (overlay != (*mode != SANDBOX_CHROOT))
		return error_set(err, STATUS_FAILED, "overlay: %d", overlay);
	if (sandbox_tree_over(*mode, overlay, &layers, "changes", "tree", err) ||
		process_run(&process, err))
		return -1;
	sandbox_tree_end("tree");
	return 0;
}

static void a_layer_stays_untouched(void **state)
{
	const enum sandbox_mode *modes;
	size_t count = guest_modes(&modes);
	struct error err = {0};

	(void)state;
	for (size_t i = 0; i < count; i++) {
		free(run_program("sh", "-c", make_layer, NULL));
		cleanup_free char *before = describe("layer");
		assert_int_equal(mkdir("changes", 0755) | mkdir("tree", 0755), 0);
		assert_ok(sandbox_enter(modes[i], change_tree, (void *)&modes[i], &err), &err);
		cleanup_free char *after = describe("layer");
		assert_string_equal(before, after);
		/* Overlayfs leaves a directory that not even its owner may read. */
		assert_ok(tree_remove(AT_FDCWD, "layer", &err), &err);
		assert_ok(tree_remove(AT_FDCWD, "changes", &err), &err);
		assert_ok(tree_remove(AT_FDCWD, "tree", &err), &err);
	}
}

static void loans_are_returned(void **state)
{
	cleanup_loans struct loans loans = {0};
	cleanup_buffer struct buffer content = {0};
	struct error err = {0};
	char target[16] = "";

	(void)state;
	assert_int_equal(mkdir("root", 0755) | mkdir("root/etc", 0755), 0);
	assert_int_equal(symlink("/outside", "root/etc/link"), 0);
	assert_ok(file_write_text(AT_FDCWD, "root/etc/kept", "old", 0640, &err), &err);
	cleanup_fd int root = open("root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_ok(loan_file(&loans, root, "etc/link", "new", 0644, &err), &err);
	assert_ok(loan_file(&loans, root, "etc/kept", "new", 0644, &err), &err);
	assert_ok(loan_file(&loans, root, "etc/none", "new", 0755, &err), &err);
	assert_ok(loan_file(&loans, root, "etc/replaced", "new", 0755, &err), &err);
	assert_ok(file_read(root, "etc/kept", 100, &content, &err), &err);
	assert_string_equal(content.data, "new");
	/* The run makes its own of one of them, perhaps with the same inode. */
	usleep(20 * 1000);
	assert_int_equal(unlinkat(root, "etc/replaced", 0), 0);
	assert_ok(file_write_text(root, "etc/replaced", "theirs", 0644, &err), &err);

	loans_return(&loans);
	assert_true(readlink("root/etc/link", target, sizeof(target) - 1) > 0);
	assert_string_equal(target, "/outside");
	buffer_release(&content);
	assert_ok(file_read(root, "etc/kept", 100, &content, &err), &err);
	assert_string_equal(content.data, "old");
	assert_false(file_exists(root, "etc/none"));
	buffer_release(&content);
	assert_ok(file_read(root, "etc/replaced", 100, &content, &err), &err);
	assert_string_equal(content.data, "theirs");
	free(run_program("rm", "-r", "root", NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_are_true),
		cmocka_unit_test(copies_merge),
		cmocka_unit_test(a_copy_says_what_it_cannot_read),
		cmocka_unit_test(a_layer_stays_untouched),
		cmocka_unit_test(loans_are_returned),
	};

	return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
