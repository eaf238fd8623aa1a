#include "machine-qemu.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/process.h"
#include "clock.h"
#include "metadata.h"

enum {
	START_LIMIT = 30 * 1000, /* milliseconds until QEMU has connected its lines */
	END_GRACE = 1000,        /* ... for its end when it does not start */
	EXIT_LIMIT = 10 * 1000,  /* ... and between its hanging up and its end */
	OUTPUT_LIMIT = 64 * 1024,
};

static struct machine_qemu *qemu_of(struct machine *machine)
{
	return (struct machine_qemu *)machine;
}

/* The lines between QEMU and us: sockets in the work directory that we listen on and QEMU connects
 * to, so that not a byte is lost. */
enum { LINE_QMP, LINE_CONSOLE, LINE_AGENT, LINE_COUNT };

static const char *const line_names[LINE_COUNT] = {
	[LINE_QMP] = "qmp",
	[LINE_CONSOLE] = "console",
	[LINE_AGENT] = "agent",
};

/* A listening socket at directory/name, however long the directory's path is. */
static int listen_at(int directory, const char *name, int *ret_fd, struct error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	cleanup_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(
		address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s", directory, name);
	unlinkat(directory, name, 0); /* that of a machine before */
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 1))
		return error_errno(err, errno, "listening for QEMU's line %s", name);
	*ret_fd = steal_fd(&fd);
	return 0;
}

char *qemu_last_words(const struct machine_qemu *qemu)
{
	struct console words = {0};
	char block[OUTPUT_LIMIT];
	ssize_t length = pread(qemu->output, block, sizeof(block), 0);

	if (length > 0)
		console_feed(&words, block, length);
	char *tail = console_tail(&words, 12);
	console_release(&words);
	return tail;
}

/* Gives QEMU time to end, and takes its wait status; false when it does not end. */
static bool reap(struct machine_qemu *qemu, uint64_t deadline, int *ret_status)
{
	struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};

	for (;;) {
		pid_t ended = waitpid(qemu->pid, ret_status, WNOHANG);
		if (ended == qemu->pid)
			break;
		if (!clock_until(deadline))
			return false;
		nanosleep(&pause, NULL);
	}
	qemu->pid = 0;
	return true;
}

/* QEMU has hung up: how did the guest, or QEMU, end? */
static void conclude(struct machine_qemu *qemu)
{
	const struct qemu_machine *known = qemu->command.machine;
	struct machine *machine = &qemu->machine;
	cleanup_free char *words = qemu_last_words(qemu);
	int status;

	machine->control_fd = -1;
	if (!reap(qemu, clock_now() + EXIT_LIMIT, &status)) {
		machine_break(machine, xasprintf("QEMU does not end%s", words));
		return;
	}
	if (qemu->farewell == MACHINE_RUNNING && known && known->silent_end)
		qemu->farewell = MACHINE_OFF;
	if (qemu->farewell != MACHINE_RUNNING && WIFEXITED(status) && !WEXITSTATUS(status)) {
		if (machine->state == MACHINE_RUNNING)
			machine->state = qemu->farewell;
		return;
	}
	cleanup_free char *why = process_explain(status);
	machine_break(machine, xasprintf("QEMU ended by itself: %s%s", why, words));
}

/* What QEMU's events mean (qapi/run-state.json). */
static void handle_event(void *context, const char *name, const json_t *data)
{
	struct machine_qemu *qemu = context;
	const char *reason = json_string_value(json_object_get(data, "reason"));

	if (!strcmp(name, "GUEST_PANICKED"))
		qemu->farewell = qemu->machine.state = MACHINE_PANICKED;
	else if (!strcmp(name, "SHUTDOWN") && text_equal(reason, "guest-reset"))
		qemu->farewell = MACHINE_RESET;
	else if (!strcmp(name, "SHUTDOWN") && text_equal(reason, "guest-shutdown"))
		qemu->farewell = MACHINE_OFF;
	else if (!strcmp(name, "STOP") && qemu->farewell == MACHINE_RUNNING && !qemu->pausing)
		machine_break(&qemu->machine, xstrdup("QEMU stopped the guest"));
}

static int qemu_describe(
	const struct boot_options *options, struct machine_facts *ret_facts, struct error *err)
{
	const struct qemu_machine *machine;

	if (qemu_machine_find(options, &machine, err))
		return -1;
	*ret_facts = (struct machine_facts){
		.agent_device = machine->agent_device,
		.memory = qemu_memory(options, machine),
		.powers_off = !machine->no_power_switch,
	};
	accelerator_choose(options->accelerator, options->architecture, &ret_facts->accelerator);
	return 0;
}

void qemu_receive(struct machine *machine)
{
	struct machine_qemu *qemu = qemu_of(machine);
	struct error err = {0};

	if (!qemu->pid)
		return;
	if (qmp_receive(&qemu->qmp, &err)) {
		machine_break(machine, steal_pointer(&err.message));
		error_release(&err);
	}
	if (qemu->qmp.line.ended)
		conclude(qemu);
	else
		qemu_look(qemu);
}

int qemu_connect(
	struct machine *machine, unsigned port, uint64_t deadline, int *ret_fd, struct error *err)
{
	return user_ports_connect(&qemu_of(machine)->ports, port, deadline, ret_fd, err);
}

void qemu_free(struct machine *machine)
{
	struct machine_qemu *qemu = qemu_of(machine);

	if (qemu->pid)
		process_end(qemu->pid);
	qmp_release(&qemu->qmp);
	user_network_stop(&qemu->network);
	user_ports_release(&qemu->ports);
	qemu_command_release(&qemu->command);
	if (qemu->output >= 0)
		close(qemu->output);
	free(qemu);
}

/* Whatever went wrong at the start: what QEMU says is why. */
static int explain_start(struct machine_qemu *qemu, struct error *err)
{
	int status;
	bool ended = reap(qemu, clock_now() + END_GRACE, &status);
	cleanup_free char *why = ended ? process_explain(status) : steal_pointer(&err->message);
	cleanup_free char *words = qemu_last_words(qemu);

	return error_set(err, STATUS_EMULATOR, "QEMU does not start: %s%s", why, words);
}

/* Waits until QEMU has connected to the socket; not for long when it has ended. */
static int accept_line(
	struct machine_qemu *qemu, int listener, uint64_t deadline, int *ret_fd, struct error *err)
{
	struct pollfd socket = {.fd = listener, .events = POLLIN};
	siginfo_t ended;

	while (poll(&socket, 1, 50) <= 0) {
		if (interrupt_check(err))
			return -1;
		ended.si_pid = 0;
		waitid(P_PID, qemu->pid, &ended, WEXITED | WNOHANG | WNOWAIT);
		if (ended.si_pid || !clock_until(deadline))
			return error_set(
				err, STATUS_EMULATOR, "no connection in %d s", START_LIMIT / 1000);
	}
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return error_errno(err, errno, "accepting QEMU's line");
	*ret_fd = fd;
	return 0;
}

static int connect_lines(
	struct machine_qemu *qemu, const int listeners[LINE_COUNT], struct error *err)
{
	struct line *const ends[LINE_COUNT] = {
		[LINE_QMP] = &qemu->qmp.line,
		[LINE_CONSOLE] = &qemu->machine.console_line,
		[LINE_AGENT] = &qemu->machine.agent_line,
	};
	uint64_t deadline = clock_now() + START_LIMIT;

	for (size_t i = 0; i < LINE_COUNT; i++) {
		int fd = -1;
		if (accept_line(qemu, listeners[i], deadline, &fd, err))
			return -1;
		line_open(ends[i], fd);
	}
	qemu->machine.control_fd = qemu->qmp.line.fd;
	qemu->qmp.event = handle_event;
	qemu->qmp.context = qemu;
	return qmp_start(&qemu->qmp, err);
}

void qemu_add_lines(struct qemu_command *command)
{
	for (size_t i = 0; i < LINE_COUNT; i++) {
		cleanup_free char *chardev = xasprintf("socket,id=%1$s,path=%1$s", line_names[i]);
		qemu_option(command, "-chardev", chardev);
	}
	qemu_option(command, "-mon", "chardev=qmp,mode=control");
}

static int compose(const struct machine_options *options, int network,
	struct qemu_command *ret_command, struct error *err)
{
	struct qemu_guest guest = {options->boot, options->accelerator->kvm, options->disk, "qcow2",
		.network = network, .kernel = options->kernel, .volume = options->volume};

	if (qemu_command_begin(&guest, ret_command, err))
		return -1;
	qemu_option(ret_command, "-no-reboot", NULL);
	qemu_add_lines(ret_command);
	qemu_option(ret_command, "-serial", "chardev:console");
	for (const char *const *word = ret_command->machine->agent_options; *word; word++)
		qemu_option(ret_command, *word, NULL);
	return 0;
}

int qemu_launch(struct machine_qemu *qemu, struct error *err)
{
	cleanup_fd int work = open(qemu->work, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int listeners[LINE_COUNT] = {-1, -1, -1}, result = 0;
	const struct process process = {.arguments = qemu_command_end(&qemu->command),
		.directory = qemu->work,
		.pass_fds = {qemu->network.guest}};

	qemu->output = memfd_create("qemu", MFD_CLOEXEC);
	if (work < 0 || qemu->output < 0)
		return error_errno(err, errno, "%s", qemu->work);
	for (size_t i = 0; i < LINE_COUNT && !result; i++)
		result = listen_at(work, line_names[i], &listeners[i], err);
	if (!result)
		result = process_start(&process, qemu->output, &qemu->pid, err);
	if (!result && connect_lines(qemu, listeners, err))
		result = err->status == STATUS_EMULATOR ? explain_start(qemu, err) : -1;
	for (size_t i = 0; i < LINE_COUNT; i++)
		cleanup_close_fd(&listeners[i]);
	return result;
}

struct machine_qemu *qemu_new(const char *work)
{
	struct machine_qemu *qemu = xcalloc(1, sizeof(*qemu));

	qemu->machine.driver = &machine_qemu;
	qemu->ports = (struct user_ports){.machine = &qemu->machine, .command = qemu_monitor};
	qemu->machine.console_line.fd = qemu->machine.agent_line.fd = qemu->qmp.line.fd = -1;
	qemu->machine.console_log = qemu->machine.control_fd = qemu->output = -1;
	qemu->work = work;
	return qemu;
}

static int network_command(
	struct machine *machine, const char *line, char **ret_output, struct error *err)
{
	return user_network_command(&qemu_of(machine)->network, line, ret_output, err);
}

/* QEMU's own network has no place for a service to which one may connect more than once. */
static int start_network(
	struct machine_qemu *qemu, const struct boot_options *boot, struct error *err)
{
	if (!metadata_is_source(&boot->test->cloud))
		return 0;
	qemu->ports.command = network_command;
	return user_network_start(boot, &qemu->network, err);
}

static int qemu_start(
	const struct machine_options *options, struct machine **ret_machine, struct error *err)
{
	struct machine_qemu *qemu = qemu_new(options->boot->work);

	if (start_network(qemu, options->boot, err) ||
		compose(options, qemu->network.guest, &qemu->command, err) ||
		qemu_launch(qemu, err)) {
		machine_free(&qemu->machine);
		return -1;
	}
	*ret_machine = &qemu->machine;
	return 0;
}

const struct machine_driver machine_qemu = {
	.name = "qemu",
	.overlay = &disk_qcow2,
	.describe = qemu_describe,
	.start = qemu_start,
	.receive = qemu_receive,
	.diagnose = qemu_diagnose,
	.processor_time = qemu_processor_time,
	.connect = qemu_connect,
	.free = qemu_free,
	.snapshot = qemu_snapshot,
	.go_back = qemu_go_back,
	.move = qemu_move,
	.balloon = qemu_balloon,
};
