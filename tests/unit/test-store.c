/* The store: where it is, layers by rename, and work directories that outlive no owner. */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "store/store.h"
#include "support/test.h"

static void open_here(const char *name, struct store *ret_store)
{
	struct error err = {0};

	assert_ok(store_open(name, ret_store, &err), &err);
}

static void assert_path_ends(const struct store *store, const char *end)
{
	assert_int_equal(*store->path, '/');
	assert_true(text_ends(store->path, end));
}

static void is_where_asked_for(void **state)
{
	cleanup_store struct store given = {0}, named = {0}, cached = {0}, home = {0};

	(void)state;
	setenv("JEOS_STORE", "named", 1);
	setenv("XDG_CACHE_HOME", "cache", 1);
	setenv("HOME", "home", 1);
	open_here("given", &given);
	assert_path_ends(&given, "/given");
	open_here(NULL, &named);
	assert_path_ends(&named, "/named");
	setenv("JEOS_STORE", "", 1);
	open_here(NULL, &cached);
	assert_path_ends(&cached, "/cache/jeos");
	unsetenv("XDG_CACHE_HOME");
	open_here(NULL, &home);
	assert_path_ends(&home, "/home/.cache/jeos");
	unsetenv("JEOS_STORE");
}

static void says_what_to_do_when_it_cannot_be_made(void **state)
{
	struct store store = {0};
	struct error err = {0};

	(void)state;
	assert_ok(file_write_text(AT_FDCWD, "file", "", 0644, &err), &err);
	assert_fails(store_open("file/store", &store, &err), &err, STATUS_FAILED, "--store DIR");
	unsetenv("HOME");
	assert_fails(store_open(NULL, &store, &err), &err, STATUS_USAGE, "--store DIR");
	assert_null(store.path);
}

static void make_tree(const char *path, const char *content)
{
	cleanup_free char *file = xasprintf("%s/file", path);
	struct error err = {0};

	assert_int_equal(mkdir(path, 0755), 0);
	assert_ok(file_write_text(AT_FDCWD, file, content, 0644, &err), &err);
}

static void the_first_layer_of_a_key_stays(void **state)
{
	cleanup_store struct store store = {0};
	cleanup_buffer struct buffer content = {0};
	struct store_layer one = {0}, two = {0};
	struct error err = {0};

	(void)state;
	open_here("store", &store);
	make_tree("one", "first");
	make_tree("two", "second");
	assert_false(store_layer_take(&store, "key", &one));
	assert_ok(store_layer_add(&store, "key", "one", "{}", &one, &err), &err);
	assert_ok(store_layer_add(&store, "key", "two", "{}", &two, &err), &err);
	assert_string_equal(one.path, two.path);
	store_layer_release(&one);
	store_layer_release(&two);
	assert_false(file_exists(AT_FDCWD, "one"));
	assert_false(file_exists(AT_FDCWD, "two"));
	cleanup_free char *layer = store_layer_path(&store, "key");
	cleanup_free char *file = xasprintf("%s/file", layer);
	assert_ok(file_read(AT_FDCWD, file, 100, &content, &err), &err);
	assert_string_equal(content.data, "first");
	assert_fails(store_layer_add(&store, "other", "missing", "{}", &one, &err), &err,
		STATUS_FAILED, "adding the layer");
}

static void a_work_directory_ends_with_its_owner(void **state)
{
	cleanup_store struct store store = {0};
	struct work_directory work = {0};
	struct error err = {0};

	(void)state;
	open_here("store", &store);
	assert_ok(store_work_directory(&store, "build", &work, &err), &err);
	store_sweep(&store);
	assert_true(file_exists(AT_FDCWD, work.path));
	cleanup_free char *path = xstrdup(work.path);
	work_directory_release(&work);
	assert_false(file_exists(AT_FDCWD, path));
}

/* What a build that was killed leaves behind: a directory with content that nobody holds. */
static char *abandon(const struct store *store)
{
	struct work_directory work = {0};
	struct error err = {0};

	assert_ok(store_work_directory(store, "killed", &work, &err), &err);
	cleanup_free char *tree = xasprintf("%s/tree", work.path);
	make_tree(tree, "half");
	close(work.lock);
	return work.path;
}

static void a_killed_builds_directory_is_swept(void **state)
{
	cleanup_store struct store store = {0}, again = {0};

	(void)state;
	open_here("store", &store);
	cleanup_free char *path = abandon(&store);
	assert_true(file_exists(AT_FDCWD, path));
	open_here("store", &again);
	assert_false(file_exists(AT_FDCWD, path));
}

/* The build goes on in a child (of another user namespace, say) while its parent waits or dies. */
static void a_child_holds_it_too(void **state)
{
	cleanup_store struct store store = {0};
	struct work_directory work = {0};
	struct error err = {0};
	int pipe_ends[2], status;

	(void)state;
	open_here("store", &store);
	assert_ok(store_work_directory(&store, "build", &work, &err), &err);
	assert_int_equal(pipe(pipe_ends), 0);
	pid_t child = fork();
	if (!child) {
		char byte;
		close(pipe_ends[1]);
		_exit(read(pipe_ends[0], &byte, 1) != 0);
	}
	close(work.lock);
	store_sweep(&store);
	assert_true(file_exists(AT_FDCWD, work.path));
	close(pipe_ends[1]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	store_sweep(&store);
	assert_false(file_exists(AT_FDCWD, work.path));
	close(pipe_ends[0]);
	free(work.path);
}

/* One name for all: what a killed build left under it is removed, what another has is waited for.
 */
static void one_at_a_time_works_alone(void **state)
{
	cleanup_store struct store store = {0};
	struct work_directory mine = {0}, theirs = {0};
	struct error err = {0};
	int begun[2], status;
	char byte;

	(void)state;
	open_here("store", &store);
	assert_ok(store_work_alone(&store, "alone", &theirs, &err), &err);
	cleanup_free char *tree = xasprintf("%s/tree", theirs.path);
	make_tree(tree, "half");
	close(theirs.lock);
	free(theirs.path);
	assert_int_equal(pipe(begun), 0);
	pid_t child = fork();
	if (!child) {
		bool failed = store_work_alone(&store, "alone", &mine, &err) ||
			      file_exists(AT_FDCWD, tree) || write(begun[1], "", 1) != 1;
		usleep(200000);
		make_tree(tree, "whole");
		work_directory_release(&mine);
		_exit(failed);
	}
	assert_int_equal(read(begun[0], &byte, 1), 1);
	assert_ok(store_work_alone(&store, "alone", &mine, &err), &err);
	assert_false(file_exists(AT_FDCWD, tree));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	work_directory_release(&mine);
	close(begun[0]);
	close(begun[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_where_asked_for),
		cmocka_unit_test(says_what_to_do_when_it_cannot_be_made),
		cmocka_unit_test(the_first_layer_of_a_key_stays),
		cmocka_unit_test(a_work_directory_ends_with_its_owner),
		cmocka_unit_test(a_killed_builds_directory_is_swept),
		cmocka_unit_test(a_child_holds_it_too),
		cmocka_unit_test(one_at_a_time_works_alone),
	};

	return cmocka_run_group_tests_name("store", tests, enter_scratch, leave_scratch);
}
