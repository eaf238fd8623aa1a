/* Hooks in the guest root, and what must not be installed in it. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "rootfs/rootfs.h"
#include "support/guest.h"
#include "support/test.h"

static void write_hook(const char *name, const char *text)
{
	cleanup_free char *path = xasprintf("hooks/%s", name);
	cleanup_free char *script = xasprintf("#!/bin/sh\n%s\n", text);
	struct error err = {0};

	assert_ok(file_write_text(AT_FDCWD, path, script, 0755, &err), &err);
}

static int body(void *context, struct error *err)
{
	return rootfs_hooks(context, err);
}

/* Runs the hooks of these names, up to a NULL. */
static int run_hooks(const char *const *names, uint64_t timeout, struct error *err)
{
	const enum sandbox_mode *modes;
	struct recipe recipe = {
		.path = "recipe.yaml",
		.name.text = "name",
		.version.text = "1.0",
		.suite.text = "suite",
		.architecture.text = "amd64",
		.hostname.text = "host",
		.hook_timeout = timeout,
	};
	struct rootfs rootfs = {.recipe = &recipe, .root = "guest", .epoch = 1234567890};

	guest_modes(&modes);
	rootfs.mode = modes[0];
	for (; *names; names++)
		vector_push(&recipe.hooks, ((struct word){*names, {"recipe.yaml", 1, 1}}));
	int result = sandbox_enter(rootfs.mode, body, &rootfs, err);
	vector_release(&recipe.hooks);
	return result;
}

#define HOOKS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void hooks_run_in_order_with_their_environment(void **state)
{
	cleanup_buffer struct buffer content = {0};
	struct error err = {0};

	(void)state;
	write_hook("one",
		"echo $JEOS_NAME $JEOS_VERSION $JEOS_SUITE $JEOS_ARCHITECTURE $JEOS_HOSTNAME "
		"$SOURCE_DATE_EPOCH >/result");
	write_hook("two", "echo two $0 $# >>/result; /usr/sbin/policy-rc.d; echo $? >>/result");
	assert_ok(run_hooks(HOOKS("one", "two"), 60000, &err), &err);
	assert_ok(file_read(AT_FDCWD, "guest/result", 1000, &content, &err), &err);
	assert_string_equal(
		content.data, "name 1.0 suite amd64 host 1234567890\ntwo /run/jeos/two 0\n101\n");
	assert_false(file_exists(AT_FDCWD, "guest/usr/sbin/policy-rc.d"));
	assert_false(file_exists(AT_FDCWD, "guest/run/jeos"));
}

static void a_failing_hook_is_named(void **state)
{
	struct error err = {0};

	(void)state;
	write_hook("bad", "echo some output; echo the reason >&2; exit 3");
	write_hook("never", "echo >/never");
	assert_fails(run_hooks(HOOKS("bad", "never"), 60000, &err), &err, STATUS_SCRIPT,
		"hook `bad`: exit status 3\n    some output\n    the reason");
	assert_false(file_exists(AT_FDCWD, "guest/never"));
	assert_false(file_exists(AT_FDCWD, "guest/usr/sbin/policy-rc.d"));

	write_hook("suicide", "kill -KILL $$");
	assert_fails(run_hooks(HOOKS("suicide"), 60000, &err), &err, STATUS_SCRIPT,
		"hook `suicide`: killed by SIGKILL");
	assert_fails(
		run_hooks(HOOKS("absent"), 60000, &err), &err, STATUS_RECIPE, "hook `absent`: ");
}

static void a_hanging_hook_is_ended(void **state)
{
	struct error err = {0};

	(void)state;
	write_hook("slow", "trap '' TERM INT HUP; " LEAVE_TOUCHING("alive") " sleep 1000");
	assert_fails(run_hooks(HOOKS("slow"), 500, &err), &err, STATUS_SCRIPT,
		"hook `slow`: still running after 0.5 s, ended");
	assert_false(guest_touches("alive"));
}

static void a_policy_of_the_guest_is_kept(void **state)
{
	cleanup_buffer struct buffer content = {0};
	struct error err = {0};

	(void)state;
	write_hook("nothing", "exit 0");
	assert_ok(
		file_write_text(AT_FDCWD, "guest/usr/sbin/policy-rc.d", "mine", 0700, &err), &err);
	assert_ok(run_hooks(HOOKS("nothing"), 60000, &err), &err);
	assert_ok(file_read(AT_FDCWD, "guest/usr/sbin/policy-rc.d", 1000, &content, &err), &err);
	assert_string_equal(content.data, "mine");
}

static void what_must_not_be_installed_is_found(void **state)
{
	static const char status[] = "Package: removed\nStatus: deinstall ok config-files\n\n"
				     "Package: kept\nStatus: install ok installed\n"
				     "Description: x\n Package: hidden\n\n"
				     "Package: last\nStatus: install ok half-configured";
	struct recipe recipe = {0};
	const struct rootfs rootfs = {.recipe = &recipe, .root = "guest"};
	struct error err = {0};

	(void)state;
	assert_ok(directory_make(AT_FDCWD, "guest/var/lib/dpkg", &err), &err);
	assert_ok(file_write_text(AT_FDCWD, "guest/var/lib/dpkg/status", status, 0644, &err), &err);
	vector_push(&recipe.without, ((struct word){.text = "removed"}));
	vector_push(&recipe.without, ((struct word){.text = "hidden"}));
	assert_ok(rootfs_check_without(&rootfs, &err), &err);
	vector_push(&recipe.without, ((struct word){"kept", {"r.yaml", 3, 5}}));
	assert_fails(rootfs_check_without(&rootfs, &err), &err, STATUS_RECIPE,
		"r.yaml:3:5: package kept is installed");
	vector_release(&recipe.without);
}

static int setup(void **state)
{
	if (enter_scratch(state))
		return -1;
	guest_make();
	return mkdir("hooks", 0755);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hooks_run_in_order_with_their_environment),
		cmocka_unit_test(a_failing_hook_is_named),
		cmocka_unit_test(a_hanging_hook_is_ended),
		cmocka_unit_test(a_policy_of_the_guest_is_kept),
		cmocka_unit_test(what_must_not_be_installed_is_found),
	};

	return cmocka_run_group_tests(tests, setup, leave_scratch);
}
