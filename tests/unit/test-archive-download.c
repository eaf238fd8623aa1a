/* Downloads: right and whole or not at all, from servers that misbehave. */
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "archive/download.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "support/test.h"
#include "support/web.h"

static char right[HASH_TEXT];
static const char wrong[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

static int set_up(void **state)
{
	struct hash hash;

	if (enter_scratch(state))
		return -1;
	hash_init(&hash);
	hash_update(&hash, web_content(), WEB_LENGTH);
	hash_finish(&hash, right);
	web_start();
	return 0;
}

static int tear_down(void **state)
{
	web_stop();
	return leave_scratch(state);
}

/* One file, "file", from a path of the server. */
static int fetch(const char *path, const char *sha256, struct error *err)
{
	cleanup_free char *url = web_url(path);
	struct download download = {
		.url = url, .path = "file", .name = "it", .sha256 = sha256, .size = WEB_LENGTH};

	unlink("file");
	return downloads_run(&download, 1, err);
}

static void assert_content(const char *path)
{
	cleanup_buffer struct buffer content = {0};
	struct error err = {0};

	assert_ok(file_read(AT_FDCWD, path, 2 * WEB_LENGTH, &content, &err), &err);
	assert_int_equal(content.length, WEB_LENGTH);
	assert_memory_equal(content.data, web_content(), WEB_LENGTH);
	assert_false(file_exists(AT_FDCWD, "file.part"));
}

static void assert_nothing_left(void)
{
	assert_false(file_exists(AT_FDCWD, "file"));
	assert_false(file_exists(AT_FDCWD, "file.part"));
}

static void fetches_a_file(void **state)
{
	struct error err = {0};

	(void)state;
	assert_ok(fetch("/good", right, &err), &err);
	assert_content("file");
	assert_ok(fetch("/good", NULL, &err), &err);
	assert_content("file");
	assert_ok(fetch("/to/good", right, &err), &err);
	assert_content("file");
}

static void fetches_what_is_there_only_once(void **state)
{
	cleanup_free char *url = web_url("/status-500");
	struct download download = {
		.url = url, .path = "file", .name = "it", .sha256 = right, .size = WEB_LENGTH};
	struct error err = {0};

	(void)state;
	assert_ok(fetch("/good", right, &err), &err);
	assert_ok(downloads_run(&download, 1, &err), &err);
	assert_int_equal(web_requests("/status-500"), 0);
}

static void fetches_again_what_a_power_failure_cut(void **state)
{
	cleanup_free char *url = web_url("/good");
	struct download download = {
		.url = url, .path = "file", .name = "it", .sha256 = right, .size = WEB_LENGTH};
	struct error err = {0};

	(void)state;
	assert_ok(file_write(AT_FDCWD, "file", web_content(), 5, 0644, &err), &err);
	assert_ok(downloads_run(&download, 1, &err), &err);
	assert_content("file");
}

static void fetches_many_at_once(void **state)
{
	enum { MANY = 40 };
	cleanup_free char *url = web_url("/good");
	struct download downloads[MANY];
	char names[MANY][16];
	struct error err = {0};

	(void)state;
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(names[i], sizeof(names[i]), "many-%u", i / 2); /* each of them twice */
		downloads[i] = (struct download){.url = url,
			.path = names[i],
			.name = names[i],
			.sha256 = right,
			.size = WEB_LENGTH};
	}
	assert_ok(downloads_run(downloads, MANY, &err), &err);
	for (unsigned i = 0; i < MANY; i++)
		assert_content(names[i]);
}

static void tries_again_what_may_pass(void **state)
{
	struct error err = {0};

	(void)state;
	assert_ok(fetch("/busy-2", right, &err), &err);
	assert_content("file");
	assert_int_equal(web_requests("/busy-2"), 3);
	assert_fails(fetch("/stuck", right, &err), &err, STATUS_ARCHIVE, "/stuck: ");
	assert_int_equal(web_requests("/stuck"), 3);
	assert_nothing_left();
}

static void does_not_try_again_what_will_not(void **state)
{
	struct error err = {0};

	(void)state;
	assert_fails(fetch("/status-403", right, &err), &err, STATUS_ARCHIVE, "HTTP status 403");
	assert_int_equal(web_requests("/status-403"), 1);
	assert_fails(fetch("/status-404", right, &err), &err, STATUS_ARCHIVE, "HTTP status 404");
	assert_fails(fetch("/leave", right, &err), &err, STATUS_ARCHIVE, "rotocol");
	assert_nothing_left();
}

static void refuses_what_is_not_as_promised(void **state)
{
	struct error err = {0};

	(void)state;
	assert_fails(fetch("/good", wrong, &err), &err, STATUS_ARCHIVE,
		"wrong hash: expected SHA-256 0123456789abcdef");
	assert_nothing_left();
	assert_fails(fetch("/short", right, &err), &err, STATUS_ARCHIVE,
		"truncated: 99999 of 100000 bytes");
	assert_nothing_left();
	assert_fails(fetch("/long", NULL, &err), &err, STATUS_ARCHIVE,
		"longer than the 100000 bytes expected");
	assert_nothing_left();
}

static void put_part(size_t length, bool spoiled)
{
	struct error err = {0};
	char *copy = xmalloc(length);

	memcpy(copy, web_content(), length);
	copy[0] ^= spoiled;
	assert_ok(file_write(AT_FDCWD, "file.part", copy, length, 0644, &err), &err);
	free(copy);
}

static void resumes_what_was_interrupted(void **state)
{
	struct error err = {0};

	(void)state;
	put_part(WEB_LENGTH / 2, false);
	assert_ok(fetch("/good", right, &err), &err);
	assert_content("file");
	put_part(WEB_LENGTH / 2, false);
	assert_ok(fetch("/plain", right, &err), &err); /* a server that cannot */
	assert_content("file");
	put_part(WEB_LENGTH, true); /* whole, but not right */
	assert_ok(fetch("/good", right, &err), &err);
	assert_content("file");
}

static void starts_over_when_the_part_was_wrong(void **state)
{
	struct error err = {0};

	(void)state;
	put_part(WEB_LENGTH / 2, true);
	assert_ok(fetch("/good", right, &err), &err);
	assert_content("file");
}

static void keeps_what_came_before_the_line_was_cut(void **state)
{
	struct error err = {0};
	struct stat status;

	(void)state;
	assert_fails(fetch("/cut", right, &err), &err, STATUS_ARCHIVE, "truncated after 87500");
	assert_int_equal(stat("file.part", &status), 0);
	assert_int_equal(status.st_size, 87500);
	assert_ok(fetch("/good", right, &err), &err);
	assert_content("file");
}

static void an_optional_file_may_be_absent(void **state)
{
	cleanup_free char *url = web_url("/status-404"), *forbidden = web_url("/status-403");
	struct download downloads[] = {
		{url, "file", "it", NULL, WEB_LENGTH, true, false},
		{"file:///nowhere/at/all", "file", "it", NULL, WEB_LENGTH, true, false},
	};
	struct error err = {0};

	(void)state;
	unlink("file");
	assert_ok(downloads_run(downloads, 2, &err), &err);
	assert_true(downloads[0].absent);
	assert_true(downloads[1].absent);
	assert_nothing_left();
	downloads[0].url = forbidden;
	assert_fails(downloads_run(downloads, 1, &err), &err, STATUS_ARCHIVE, "HTTP status 403");
}

static void says_which_mirror_is_unreachable(void **state)
{
	struct download download = {
		"http://127.0.0.1:1/debian/x", "file", "it", right, 1, false, false};
	struct error err = {0};

	(void)state;
	assert_fails(downloads_run(&download, 1, &err), &err, STATUS_ARCHIVE,
		"fetching http://127.0.0.1:1/debian/x: Failed to connect");
	assert_nothing_left();
}

/* Another build has the part locked, and has the file in place a moment later. */
static void waits_for_another_build(void **state)
{
	struct error err = {0};
	int status;

	(void)state;
	unlink("file");
	put_part(10, true);
	int part = open("file.part", O_RDWR | O_CLOEXEC);
	assert_int_equal(flock(part, LOCK_EX), 0);
	pid_t other = fork();
	if (!other) {
		usleep(300 * 1000);
		file_write(AT_FDCWD, "file", web_content(), WEB_LENGTH, 0644, &err);
		_exit(unlink("file.part"));
	}
	close(part);
	cleanup_free char *url = web_url("/status-500");
	struct download download = {
		.url = url, .path = "file", .name = "it", .sha256 = right, .size = WEB_LENGTH};
	assert_ok(downloads_run(&download, 1, &err), &err);
	assert_int_equal(waitpid(other, &status, 0), other);
	assert_int_equal(status, 0);
	assert_content("file");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fetches_a_file),
		cmocka_unit_test(fetches_what_is_there_only_once),
		cmocka_unit_test(fetches_again_what_a_power_failure_cut),
		cmocka_unit_test(fetches_many_at_once),
		cmocka_unit_test(tries_again_what_may_pass),
		cmocka_unit_test(does_not_try_again_what_will_not),
		cmocka_unit_test(refuses_what_is_not_as_promised),
		cmocka_unit_test(resumes_what_was_interrupted),
		cmocka_unit_test(starts_over_when_the_part_was_wrong),
		cmocka_unit_test(keeps_what_came_before_the_line_was_cut),
		cmocka_unit_test(an_optional_file_may_be_absent),
		cmocka_unit_test(says_which_mirror_is_unreachable),
		cmocka_unit_test(waits_for_another_build),
	};

	return cmocka_run_group_tests_name("archive-download", tests, set_up, tear_down);
}
