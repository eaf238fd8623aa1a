/*
 * User Mode Linux: the kernel is a program of the host, the image's own or else linux.uml of the
 * distribution. Its disk is a COW file over the image, its lines and its network are sockets, and
 * it needs no privilege. Documentation/virt/uml of Linux.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/process.h"
#include "base/size.h"
#include "machine.h"
#include "user-network.h"
#include "user-port.h"

extern const char embedded_ptrace_so[];
extern const size_t embedded_ptrace_so_size;

static const char program[] = "linux.uml";
/* See uml/ptrace.c. */
static const char preload[] = "./ptrace.so";

struct machine_uml {
	struct machine machine;
	pid_t pid; /* 0: ended */
	struct user_network network;
	struct user_ports ports;
};

static struct machine_uml *uml_of(struct machine *machine)
{
	return (struct machine_uml *)machine;
}

static int uml_describe(
	const struct boot_options *options, struct machine_facts *ret_facts, struct error *err)
{
	if (options->architecture != architecture_native())
		return error_set(err, STATUS_MISSING,
			"User Mode Linux runs guests of the host's architecture only, not %s",
			options->architecture->name);
	*ret_facts = (struct machine_facts){
		.agent_device = "/dev/ttyS0",
		.memory = options->test->memory,
		.powers_off = true,
		.accelerator = {.text = "User Mode Linux, a process of this host"},
	};
	return 0;
}

/* Where it keeps the guest's memory: a file that it maps to run from. The work directory when the
 * memory file system is too small or forbids that. */
static const char *memory_directory(uint64_t memory)
{
	static const char shared[] = "/dev/shm";
	struct statvfs about;

	if (statvfs(shared, &about) || about.f_flag & ST_NOEXEC ||
		about.f_bavail * (uint64_t)about.f_frsize < memory)
		return ".";
	return shared;
}

static char *uml_arguments(const struct machine_options *options, int agent, int network)
{
	const struct boot_kernel *kernel = options->kernel;
	struct buffer line = {0};

	/* What is said last counts. */
	if (kernel)
		buffer_printf(&line, "%s ", kernel->command_line);
	buffer_printf(&line, "ubd0=%s root=/dev/ubda", options->disk);
	if (options->root_number)
		buffer_printf(&line, "%u", options->root_number);
	buffer_text(&line, " rootfstype=ext4 rw ");
	buffer_printf(&line, "mem=%lluM ",
		(unsigned long long)divide_up(options->boot->test->memory, MIB));
	buffer_printf(&line, "con=null con0=fd:1 console=tty0 ssl=null ssl0=fd:%d ", agent);
	buffer_printf(&line, "vec0:transport=fd,fd=%d,depth=128,mac=52:54:00:12:34:56 ", network);
	buffer_text(&line, "uml_dir=./ umid=guest noreboot panic=1");
	return line.data;
}

/* Runs the guest, its console at `console`, the other ends under their own numbers. */
static int launch(struct machine_uml *uml, const struct machine_options *options, int console,
	const int passed[2], struct error *err)
{
	cleanup_free char *memory =
		xasprintf("TMPDIR=%s", memory_directory(options->boot->test->memory));
	cleanup_free char *loaded = xasprintf("LD_PRELOAD=%s", preload);
	const char *const environment[] = {"HOME=.", "PATH=/usr/bin:/bin", memory, loaded, NULL};
	cleanup_free char *line = uml_arguments(options, passed[0], passed[1]);
	cleanup_free char *own = options->kernel ? xasprintf("./%s", options->kernel->image) : NULL;
	cleanup_free char *installed = program_find(program);
	vector(const char *) words = {0};

	if (!own && !installed)
		return error_set(err, STATUS_MISSING,
			"%s is not installed, and the image brings no kernel: install the package "
			"user-mode-linux",
			program);
	vector_push(&words, own ? own : program);
	for (char *rest = line, *word; (word = strsep(&rest, " "));)
		if (*word)
			vector_push(&words, word);
	vector_push(&words, NULL);
	struct process process = {
		.arguments = words.items,
		.environment = environment,
		.directory = options->boot->work,
		.pass_fds = {passed[0], passed[1]},
	};
	int result = process_start(&process, console, &uml->pid, err);
	vector_release(&words);
	return result;
}

static int put_preload(const char *work, struct error *err)
{
	cleanup_fd int directory = open(work, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (directory < 0)
		return error_errno(err, errno, "%s", work);
	return file_write(
		directory, preload, embedded_ptrace_so, embedded_ptrace_so_size, 0600, err);
}

static int make_line(struct line *line, int *ret_guest, struct error *err)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return error_errno(err, errno, "the guest's lines");
	line_open(line, ends[0]);
	*ret_guest = ends[1];
	return 0;
}

static int start_with(
	struct machine_uml *uml, const struct machine_options *options, struct error *err)
{
	cleanup_fd int console = -1, agent = -1;

	if (put_preload(options->boot->work, err) ||
		make_line(&uml->machine.console_line, &console, err) ||
		make_line(&uml->machine.agent_line, &agent, err) ||
		user_network_start(options->boot, &uml->network, err) ||
		user_ports_forward(&uml->ports, options->boot, err) ||
		launch(uml, options, console, (int[]){agent, uml->network.guest}, err))
		return -1;
	uml->machine.control_fd = pidfd_open(uml->pid, 0);
	if (uml->machine.control_fd < 0)
		return error_errno(err, errno, "watching User Mode Linux");
	uml->machine.console.phase = PHASE_KERNEL; /* there is nothing before it */
	return 0;
}

static int uml_command(
	struct machine *machine, const char *line, char **ret_output, struct error *err)
{
	return user_network_command(&uml_of(machine)->network, line, ret_output, err);
}

static int uml_start(
	const struct machine_options *options, struct machine **ret_machine, struct error *err)
{
	struct machine_uml *uml = xcalloc(1, sizeof(*uml));

	uml->machine.driver = &machine_uml;
	uml->machine.console_line.fd = uml->machine.agent_line.fd = -1;
	uml->machine.console_log = uml->machine.control_fd = -1;
	uml->ports = (struct user_ports){.machine = &uml->machine, .command = uml_command};
	if (start_with(uml, options, err)) {
		machine_free(&uml->machine);
		return -1;
	}
	*ret_machine = &uml->machine;
	return 0;
}

/* The program has ended: what became of the guest is in the kernel's last words. */
static void conclude(struct machine_uml *uml, int status)
{
	struct machine *machine = &uml->machine;
	const struct console *console = &machine->console;

	if (machine->state != MACHINE_RUNNING)
		return;
	if (console_contains(console, "reboot: Restarting system"))
		machine->state = MACHINE_RESET;
	else if (WIFEXITED(status) && !WEXITSTATUS(status))
		machine->state = MACHINE_OFF;
	else if (console->panic)
		machine->state = MACHINE_PANICKED;
	else {
		cleanup_free char *why = process_explain(status);
		cleanup_free char *words = console_tail(console, 12);
		machine_break(machine, xasprintf("User Mode Linux ended: %s%s", why, words));
	}
}

static void uml_receive(struct machine *machine)
{
	struct machine_uml *uml = uml_of(machine);
	int status;

	if (!uml->pid || waitpid(uml->pid, &status, WNOHANG) != uml->pid)
		return;
	kill(-uml->pid, SIGKILL); /* what is left of the guest's processes */
	uml->pid = 0;
	close(machine->control_fd);
	machine->control_fd = -1;
	machine_receive_console(machine);
	conclude(uml, status);
}

static char *uml_diagnose(struct machine *machine)
{
	(void)machine;
	return NULL;
}

static uint64_t uml_processor_time(struct machine *machine)
{
	(void)machine;
	return 0;
}

static int uml_connect(
	struct machine *machine, unsigned port, uint64_t deadline, int *ret_fd, struct error *err)
{
	return user_ports_connect(&uml_of(machine)->ports, port, deadline, ret_fd, err);
}

static void uml_free(struct machine *machine)
{
	struct machine_uml *uml = uml_of(machine);

	if (uml->pid)
		process_end(uml->pid);
	if (machine->control_fd >= 0)
		close(machine->control_fd);
	user_network_stop(&uml->network);
	user_ports_release(&uml->ports);
	free(uml);
}

const struct machine_driver machine_uml = {
	.name = "uml",
	.overlay = &disk_cow,
	.has_kernel = true,
	.describe = uml_describe,
	.start = uml_start,
	.receive = uml_receive,
	.diagnose = uml_diagnose,
	.processor_time = uml_processor_time,
	.connect = uml_connect,
	.free = uml_free,
};
