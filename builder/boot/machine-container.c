/*
 * Containers: guests that run by the kernel of this host. Their lines are pseudo terminals; their
 * ports are reached from inside their network.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/inside.h"
#include "base/process.h"
#include "clock.h"
#include "container.h"
#include "machine.h"
#include "plant.h"

enum { TERMINAL_NAME = 64, END_LIMIT = 3 * 1000 };

struct machine_container {
	struct machine machine;
	struct container container;
	pid_t pid; /* the engine's; 0: ended */
	/* The guest's ends of its lines, kept so that they stay when nobody has them open. */
	int console, agent;
};

static struct machine_container *container_of(struct machine *machine)
{
	return (struct machine_container *)machine;
}

static int container_init(
	struct container *container, const struct boot_options *options, struct error *err)
{
	cleanup_free char *work = realpath(options->work, NULL);

	if (!work)
		return error_errno(err, errno, "%s", options->work);
	container->boot = options;
	container->name = xstrdup(strrchr(work, '/') + 1);
	for (char *dot = container->name; (dot = strchr(dot, '.'));)
		*dot = '-';
	container->directory = xasprintf("%s/%s", work, container->name);
	container->work = steal_pointer(&work);
	return container_engine_find(options, &container->engine, err);
}

static void container_release(struct container *container)
{
	free(container->work);
	free(container->name);
	free(container->directory);
}
#define cleanup_container cleanup(container_release)

static int container_describe(
	const struct boot_options *options, struct machine_facts *ret_facts, struct error *err)
{
	const struct container_engine *engine;

	if (container_engine_find(options, &engine, err))
		return -1;
	if (options->forward_count)
		return error_set(err, STATUS_USAGE,
			"--port: no port of this host leads into a container, which has no network "
			"but its own");
	if (options->test->cloud.source.text)
		return error_set(err, STATUS_MISSING, "containers are told nothing by a cloud");
	*ret_facts = (struct machine_facts){
		.agent_device = CONTAINER_AGENT,
		.memory = options->test->memory,
		.powers_off = !engine->no_init,
	};
	snprintf(ret_facts->accelerator.text, sizeof(ret_facts->accelerator.text),
		"the host's kernel (%s)", engine->programs[0]);
	return 0;
}

static bool tree_has(void *root, const char *path)
{
	return inside_exists(*(int *)root, path + 1);
}

static int tree_read(
	void *root, const char *path, size_t limit, struct buffer *ret_content, struct error *err)
{
	return inside_read(*(int *)root, path + 1, limit, ret_content, err);
}

static int tree_write(void *root, const char *path, const void *data, size_t length, mode_t mode,
	struct error *err)
{
	return inside_write_data(*(int *)root, path + 1, data, length, mode, err);
}

static int tree_link(void *root, const char *path, const char *target, struct error *err)
{
	return inside_symlink(*(int *)root, path + 1, target, err);
}

static const struct plant_root in_tree = {tree_has, tree_read, tree_write, tree_link};

static int container_unpack(const struct boot_options *options, struct error *err)
{
	cleanup_container struct container container = {0};
	cleanup_free char *tree = NULL;
	cleanup_fd int root = -1;

	if (container_init(&container, options, err))
		return -1;
	tree = xasprintf("%s/rootfs", container.directory);
	if (container.engine->unpack(&container, err))
		return error_wrap(err, "%s: unpacking its root", options->image);
	if (options->interactive)
		return 0;
	if (inside_open_root(tree, &root, err) ||
		plant_agent(&in_tree, &root, CONTAINER_AGENT, err))
		return error_wrap(err, "%s: its root with the test agent", options->image);
	return 0;
}

/* A line as a terminal that changes nothing of what goes through. */
static int make_line(struct line *line, int *ret_guest, char name[TERMINAL_NAME], struct error *err)
{
	int master, guest;
	struct termios raw;

	if (openpty(&master, &guest, NULL, NULL, NULL))
		return error_errno(err, errno, "the guest's lines");
	fcntl(master, F_SETFD, FD_CLOEXEC);
	fcntl(guest, F_SETFD, FD_CLOEXEC);
	tcgetattr(guest, &raw);
	cfmakeraw(&raw);
	tcsetattr(guest, TCSANOW, &raw);
	ttyname_r(guest, name, TERMINAL_NAME);
	line_open(line, master);
	*ret_guest = guest;
	return 0;
}

static int start_with(
	struct machine_container *guest, const struct boot_options *options, struct error *err)
{
	char console[TERMINAL_NAME], agent[TERMINAL_NAME];
	struct container *container = &guest->container;
	struct arena arena = {0};
	struct words words = {0};

	if (container_init(container, options, err) ||
		make_line(&guest->machine.console_line, &guest->console, console, err))
		return -1;
	container->console = console;
	if (!options->interactive) {
		if (make_line(&guest->machine.agent_line, &guest->agent, agent, err))
			return -1;
		container->agent_line = agent;
	}
	int result = container->engine->compose(container, &arena, &words, err);
	vector_push(&words, NULL);
	const struct process process = {.arguments = words.items, .terminal = options->interactive};
	if (!result)
		result = process_start(&process, guest->console, &guest->pid, err);
	vector_release(&words);
	arena_release(&arena);
	container->console = container->agent_line = NULL;
	if (result)
		return -1;
	guest->machine.control_fd = pidfd_open(guest->pid, 0);
	if (guest->machine.control_fd < 0)
		return error_errno(err, errno, "watching the container");
	guest->machine.console.phase = PHASE_USERSPACE; /* there is nothing before it */
	return 0;
}

static int container_start(
	const struct machine_options *options, struct machine **ret_machine, struct error *err)
{
	struct machine_container *guest = xcalloc(1, sizeof(*guest));

	guest->machine.driver = &machine_container;
	guest->machine.console_line.fd = guest->machine.agent_line.fd = -1;
	guest->machine.console_log = guest->machine.control_fd = -1;
	guest->console = guest->agent = -1;
	if (start_with(guest, options->boot, err)) {
		machine_free(&guest->machine);
		return -1;
	}
	*ret_machine = &guest->machine;
	return 0;
}

static void conclude(struct machine_container *guest, int status)
{
	struct machine *machine = &guest->machine;

	if (machine->state != MACHINE_RUNNING)
		return;
	if (WIFEXITED(status) && !WEXITSTATUS(status)) {
		machine->state = MACHINE_OFF;
		return;
	}
	cleanup_free char *why = process_explain(status);
	cleanup_free char *words = console_tail(&machine->console, 12);
	machine_break(
		machine, xasprintf("%s ended: %s%s", guest->container.engine->name, why, words));
}

static void container_receive(struct machine *machine)
{
	struct machine_container *guest = container_of(machine);
	int status;

	if (!guest->pid || waitpid(guest->pid, &status, WNOHANG) != guest->pid)
		return;
	guest->pid = 0;
	close(machine->control_fd);
	machine->control_fd = -1;
	machine_receive_console(machine);
	conclude(guest, status);
}

static char *container_diagnose(struct machine *machine)
{
	(void)machine;
	return NULL;
}

static uint64_t container_processor_time(struct machine *machine)
{
	(void)machine;
	return 0;
}

static bool shares_network(pid_t pid)
{
	cleanup_free char *path = xasprintf("/proc/%d/ns/net", pid);
	char ours[64] = "", theirs[64] = "";

	return readlink("/proc/self/ns/net", ours, sizeof(ours) - 1) < 0 ||
	       readlink(path, theirs, sizeof(theirs) - 1) < 0 || !strcmp(ours, theirs);
}

static pid_t find_inside(pid_t pid, unsigned depth);

/* The same below one of its threads: each has children of its own. */
static pid_t find_below(const char *children, unsigned depth)
{
	cleanup_file FILE *file = fopen(children, "re");
	pid_t found = 0;
	int child;

	while (!found && file && fscanf(file, "%d", &child) == 1)
		found = shares_network(child) ? find_inside(child, depth - 1) : child;
	return found;
}

/* The first process below `pid` that is in another network, at most `depth` steps away; 0: none. */
static pid_t find_inside(pid_t pid, unsigned depth)
{
	cleanup_free char *pattern = xasprintf("/proc/%d/task/*/children", pid);
	glob_t threads = {0};
	pid_t found = 0;

	if (depth && !glob(pattern, GLOB_NOSORT, NULL, &threads))
		for (size_t i = 0; i < threads.gl_pathc && !found; i++)
			found = find_below(threads.gl_pathv[i], depth);
	globfree(&threads);
	return found;
}

/* The guest's first process; 0: none. */
static pid_t init_of(const struct machine_container *guest)
{
	enum { DEPTH = 4 };

	return find_inside(guest->pid, DEPTH);
}

/* A socket of the guest's network: it stays there, whoever has it. */
static int socket_inside(pid_t init, int *ret_fd, struct error *err)
{
	cleanup_free char *path = xasprintf("/proc/%d/ns/net", init);
	cleanup_fd int inside = open(path, O_RDONLY | O_CLOEXEC);
	cleanup_fd int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	if (inside < 0 || home < 0 || setns(inside, CLONE_NEWNET))
		return error_set(err, STATUS_CHECK, "the guest's network: %s", strerror(errno));
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), reason = errno;
	if (setns(home, CLONE_NEWNET))
		abort(); /* there is no way on in a stranger's network */
	if (fd < 0)
		return error_set(err, STATUS_CHECK, "making a socket: %s", strerror(reason));
	*ret_fd = fd;
	return 0;
}

static int container_connect(
	struct machine *machine, unsigned port, uint64_t deadline, int *ret_fd, struct error *err)
{
	const struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	pid_t init = init_of(container_of(machine));
	cleanup_fd int fd = -1;

	(void)deadline; /* a loopback answers at once */
	if (!init)
		return error_set(err, STATUS_CHECK, "the guest has no network of its own yet");
	if (socket_inside(init, &fd, err))
		return -1;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)))
		return error_set(err, STATUS_CHECK, "connecting: %s", strerror(errno));
	*ret_fd = steal_fd(&fd);
	return 0;
}

/* The end of a container's first process is that of all, and the engine tidies up behind it. */
static void end_guest(struct machine_container *guest)
{
	const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
	uint64_t deadline = clock_now() + END_LIMIT;
	pid_t init = init_of(guest);

	if (init)
		kill(init, SIGKILL);
	while (init && clock_until(deadline)) {
		if (waitpid(guest->pid, NULL, WNOHANG))
			return;
		nanosleep(&pause, NULL);
	}
	process_end(guest->pid);
}

static void container_free(struct machine *machine)
{
	struct machine_container *guest = container_of(machine);

	if (guest->pid)
		end_guest(guest);
	cleanup_close_fd(&machine->control_fd);
	cleanup_close_fd(&guest->console);
	cleanup_close_fd(&guest->agent);
	container_release(&guest->container);
	free(guest);
}

const struct machine_driver machine_container = {
	.name = "container",
	.has_kernel = true,
	.unpack = container_unpack,
	.describe = container_describe,
	.start = container_start,
	.receive = container_receive,
	.diagnose = container_diagnose,
	.processor_time = container_processor_time,
	.connect = container_connect,
	.free = container_free,
};
