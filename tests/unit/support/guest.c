#include "guest.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "test.h"

/* Each program with the libraries it is linked with. */
static const char make_script[] =
	"set -e\n"
	"mkdir -p guest/bin guest/etc guest/dev guest/proc guest/sys guest/run guest/tmp "
	"guest/root\n"
	"cp -L \"$1\" guest/bin/busybox\n"
	"cp /proc/$PPID/exe guest/test\n"
	"for name in sh cat ls env sleep touch grep chown kill id mknod stat; do\n"
	"	ln -sf busybox guest/bin/$name\n"
	"done\n"
	"for program in \"$1\" guest/test; do\n"
	"	ldd $program | grep -o '/[^ ]*' | xargs -r cp -L --parents -t guest\n"
	"done\n";

void guest_make(void)
{
	cleanup_free char *busybox = program_find("busybox");
	struct error err = {0};

	assert_non_null(busybox);
	struct process process = {
		.arguments = (const char *const[]){"sh", "-c", make_script, "sh", busybox, NULL}};
	assert_ok(process_run(&process, &err), &err);
}

size_t guest_modes(const enum sandbox_mode **ret_modes)
{
	static const enum sandbox_mode of_root[] = {SANDBOX_ROOT, SANDBOX_CHROOT};
	static const enum sandbox_mode of_users[] = {SANDBOX_USER};

	*ret_modes = geteuid() ? of_users : of_root;
	return geteuid() ? array_count(of_users) : array_count(of_root);
}

static int body(void *context, struct error *err)
{
	return sandbox_run(context, err);
}

int guest_run(struct sandbox_run run, struct error *err)
{
	run.root = "guest";
	run.log = "output";
	return sandbox_enter(run.mode, body, &run, err);
}

int guest_shell(enum sandbox_mode mode, const char *command, struct error *err)
{
	const struct sandbox_run run = {
		.mode = mode,
		.arguments = (const char *const[]){"sh", "-c", command, NULL},
	};

	return guest_run(run, err);
}

static char *read_file(const char *path)
{
	struct buffer content = {0};
	struct error err = {0};

	assert_ok(file_read(AT_FDCWD, path, 1 << 20, &content, &err), &err);
	return content.data;
}

char *guest_output(void)
{
	char *text = read_file("output");

	unlink("output");
	return text;
}

char *host_mounts(void)
{
	return read_file("/proc/self/mountinfo");
}

bool guest_touches(const char *file)
{
	const struct timespec moment = {.tv_nsec = 200 * 1000 * 1000};
	cleanup_free char *path = xasprintf("guest/%s", file);

	unlink(path);
	nanosleep(&moment, NULL);
	return file_exists(AT_FDCWD, path);
}
