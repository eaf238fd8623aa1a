/* Programs in the guest root, in every mode that this host allows to whoever runs the tests. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "support/guest.h"
#include "support/test.h"

#define MODE (*(const enum sandbox_mode *)*state)

static void assert_output(const char *expected)
{
	cleanup_free char *output = guest_output();

	assert_string_equal(output, expected);
}

static void nothing_of_the_environment_leaks(void **state)
{
	struct error err = {0};
	const struct sandbox_run run = {
		.mode = MODE,
		.arguments = (const char *const[]){"env", NULL},
		.environment = (const char *const[]){"ADDED=yes", NULL},
	};

	setenv("LEAK", "leak", 1);
	assert_ok(guest_run(run, &err), &err);
	assert_output("PATH=/usr/sbin:/usr/bin:/sbin:/bin\nHOME=/root\nLC_ALL=C.UTF-8\n"
		      "TERM=dumb\nDEBIAN_FRONTEND=noninteractive\n"
		      "DEBCONF_NONINTERACTIVE_SEEN=true\nPERL_HASH_SEED=0\nADDED=yes\n");
	if (MODE == SANDBOX_CHROOT)
		return;
	assert_fails(guest_shell(MODE, "cat /proc/1/environ", &err), &err, STATUS_SCRIPT,
		"ermission denied");
	unlink("output");
}

static void failures_are_explained(void **state)
{
	struct error err = {0};
	const struct sandbox_run slow = {
		.mode = MODE,
		.name = "hook `slow`",
		.arguments = (const char *const[]){"sleep", "100", NULL},
		.timeout = 300,
	};

	assert_fails(guest_shell(MODE, "echo first; echo last >&2; exit 3", &err), &err,
		STATUS_SCRIPT, "sh: exit status 3\n    first\n    last");
	assert_fails(
		guest_shell(MODE, "kill -KILL $$", &err), &err, STATUS_SCRIPT, "killed by SIGKILL");
	assert_fails(guest_run(slow, &err), &err, STATUS_SCRIPT, "hook `slow`: still running");
	const struct sandbox_run missing = {
		.mode = MODE, .arguments = (const char *const[]){"missing", NULL}};
	assert_fails(guest_run(missing, &err), &err, STATUS_SCRIPT, "missing: no such program");
	unlink("output");
}

static void what_is_left_running_is_killed(void **state)
{
	struct error err = {0};
	const struct sandbox_run slow = {
		.mode = MODE,
		.arguments = (const char *const[]){"sh", "-c", LEAVE_TOUCHING("alive") " sleep 100",
			NULL},
		.timeout = 300,
	};

	assert_ok(guest_shell(MODE, LEAVE_TOUCHING("alive") " sleep 0.1", &err), &err);
	assert_false(guest_touches("alive"));
	assert_fails(guest_run(slow, &err), &err, STATUS_SCRIPT, "still running");
	assert_false(guest_touches("alive"));
	unlink("output");
}

static void the_program_is_a_confined_root(void **state)
{
	struct error err = {0};
	const struct sandbox_run run = {
		.mode = MODE, .arguments = (const char *const[]){"/test", "--inside", NULL}};

	assert_ok(guest_run(run, &err), &err);
	unlink("output");
	assert_ok(guest_shell(MODE,
			  "set -e; echo x >/owned; chown 65534:12 /owned; "
			  "chown 0:0 /owned; umask; stat -c %a /owned",
			  &err),
		&err);
	assert_output("0022\n644\n");
}

static void the_tree_is_left_as_it_was(void **state)
{
	struct error err = {0};

	if (MODE == SANDBOX_CHROOT)
		return; /* there /run and /tmp are the tree's */
	cleanup_free char *before = host_mounts();
	assert_ok(guest_shell(MODE, "echo >/run/x; echo >/tmp/x; echo >/dev/shm/x", &err), &err);
	cleanup_free char *after = host_mounts();
	assert_string_equal(before, after);
	assert_int_equal(rmdir("guest/run") | rmdir("guest/tmp") | rmdir("guest/dev"), 0);
	assert_int_equal(
		mkdir("guest/run", 0755) | mkdir("guest/tmp", 0755) | mkdir("guest/dev", 0755), 0);
	unlink("output");
}

static void devices_work(void **state)
{
	struct error err = {0};

	assert_ok(guest_shell(MODE,
			  "set -e; : </dev/null; echo >/dev/null; test -c /dev/urandom; "
			  "test -c /dev/zero; test ! -e /dev/console",
			  &err),
		&err);
	assert_false(file_exists(AT_FDCWD, "guest/dev/null"));
	if (MODE == SANDBOX_CHROOT)
		return;
	assert_ok(
		guest_shell(MODE,
			"set -e; test -d /dev/pts; test -e /dev/ptmx; test -e /dev/fd/1; "
			"test -e /proc/1; test -e /sys/class; ! (echo 60 >/proc/sys/vm/swappiness)",
			&err),
		&err);
	unlink("output");
}

static void files_are_lent(void **state)
{
	struct error err = {0};
	const struct sandbox_run run = {
		.mode = MODE,
		.arguments = (const char *const[]){"/run/jeos/lent", NULL},
		.files = (const char *const[]){"lent", NULL},
	};

	assert_ok(file_write_text(AT_FDCWD, "lent", "#!/bin/sh\necho from $0\n", 0644, &err), &err);
	assert_ok(guest_run(run, &err), &err);
	assert_output("from /run/jeos/lent\n");
	assert_false(file_exists(AT_FDCWD, "guest/run/jeos"));
}

/* A listening socket of the host; its port. */
static int listen_on_loopback(int *ret_port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, length), 0);
	assert_int_equal(listen(fd, 10), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	*ret_port = ntohs(address.sin_port);
	return fd;
}

static void there_is_no_network_unless_asked_for(void **state)
{
	struct error err = {0};
	int port;
	cleanup_fd int fd = listen_on_loopback(&port);
	cleanup_free char *number = xasprintf("%d", port);
	struct sandbox_run run = {
		.mode = MODE,
		.arguments = (const char *const[]){"/test", "--connect", number, NULL},
	};

	if (MODE != SANDBOX_CHROOT)
		assert_fails(guest_run(run, &err), &err, STATUS_SCRIPT, "Connection refused");
	run.network = true;
	assert_ok(guest_run(run, &err), &err);
	assert_true(fd >= 0);
	unlink("output");
}

static void the_resolver_is_lent_with_the_network(void **state)
{
	struct error err = {0};
	char target[64] = "";
	const struct sandbox_run run = {
		.mode = MODE,
		.arguments = (const char *const[]){"cat", "/etc/resolv.conf", NULL},
		.network = true,
	};

	if (access("/etc/resolv.conf", R_OK))
		skip();
	assert_int_equal(symlink("/etc/passwd", "guest/etc/resolv.conf"), 0);
	assert_ok(guest_run(run, &err), &err);
	cleanup_free char *inside = guest_output();
	cleanup_buffer struct buffer outside = {0};
	assert_ok(file_read(AT_FDCWD, "/etc/resolv.conf", 1 << 20, &outside, &err), &err);
	assert_string_equal(inside, outside.data);
	assert_true(readlink("guest/etc/resolv.conf", target, sizeof(target) - 1) > 0);
	assert_string_equal(target, "/etc/passwd");
	unlink("guest/etc/resolv.conf");
}

static int connect_to(const char *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	cleanup_fd int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_port = htons(strtol(port, NULL, 10));
	if (!connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return 0;
	perror("connect");
	return 1;
}

/* In the guest: what system calls say. */
static int check_inside(void)
{
	const struct {
		const char *what;
		bool good;
	} checks[] = {
		{"fsync does nothing", !fsync(-1)},
		{"fdatasync does nothing", !fdatasync(-1)},
		{"syncfs does nothing", !syncfs(-1)},
		{"other calls do something", close(-1) && errno == EBADF},
		{"is root", !geteuid() && !getegid()},
		{"has no terminal", open("/dev/tty", O_RDWR) < 0},
		{"cannot mount", mount("none", "/tmp", "tmpfs", 0, NULL) && errno == EPERM},
		{"cannot trace", syscall(SYS_bpf, 0, NULL, 0) && errno == EPERM},
		{"cannot reach keyrings", syscall(SYS_keyctl, 0, 0, 0) && errno == EPERM},
		{"cannot set the host name", sethostname("x", 1) && errno == EPERM},
		{"cannot make devices", mknod("/device", S_IFCHR, 0x103) && errno == EPERM},
		{"leads its session or is in one", getsid(0) >= 0},
	};
	int result = 0;

	for (size_t i = 0; i < array_count(checks); i++) {
		if (checks[i].good)
			continue;
		dprintf(1, "not true: %s\n", checks[i].what);
		result = 1;
	}
	return result;
}

static void *scratch; /* a group's state would take the place of each test's */

static int setup(void **state)
{
	(void)state;
	if (enter_scratch(&scratch))
		return -1;
	guest_make();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return leave_scratch(&scratch);
}

#define TEST(function)              \
	{                           \
#function, function \
	}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		CMUnitTestFunction function;
	} functions[] = {
		TEST(nothing_of_the_environment_leaks),
		TEST(failures_are_explained),
		TEST(what_is_left_running_is_killed),
		TEST(the_program_is_a_confined_root),
		TEST(the_tree_is_left_as_it_was),
		TEST(devices_work),
		TEST(files_are_lent),
		TEST(there_is_no_network_unless_asked_for),
		TEST(the_resolver_is_lent_with_the_network),
	};
	struct CMUnitTest tests[2 * array_count(functions)] = {0};
	const enum sandbox_mode *modes;
	size_t count = 0;

	/* Left by _exit(): a leak checker would want the /proc that a plain chroot lacks. */
	if (argc > 1 && !strcmp(argv[1], "--inside"))
		_exit(check_inside());
	if (argc > 2 && !strcmp(argv[1], "--connect"))
		_exit(connect_to(argv[2]));
	size_t mode_count = guest_modes(&modes);
	for (size_t i = 0; i < mode_count; i++)
		for (size_t j = 0; j < array_count(functions); j++)
			tests[count++] = (struct CMUnitTest){
				.name = xasprintf(
					"%s_in_mode_%d", functions[j].name, (int)modes[i]),
				.test_func = functions[j].function,
				.initial_state = (void *)&modes[i],
			};
	int failed = _cmocka_run_group_tests("sandbox_run", tests, count, setup, teardown);
	while (count)
		free((char *)tests[--count].name);
	return failed;
}
