#include "user-network.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <slirp/libslirp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/interrupt.h"
#include "base/process.h"
#include "base/text.h"
#include "metadata.h"

enum {
	FRAME_LIMIT = 64 * 1024,
	LIST_LIMIT = 128 * 1024, /* bytes of a reply */
	REPLY_LIMIT = 5 * 1000,  /* milliseconds */
	PAUSE_LIMIT = 1000,
};

/* Who has which address. */
struct plan {
	const char *network, *mask, *host, *guest, *names;
};

static const struct plan usual = {"10.0.2.0", "255.255.255.0", "10.0.2.2", "10.0.2.15", "10.0.2.3"};
/* A service must be an address of the network. */
static const char service[] = "169.254.169.254";
static const struct plan with_service = {
	"169.0.0.0", "255.0.0.0", "169.0.2.2", "169.0.2.15", "169.0.2.3"};

/* The network's process. */
struct stack {
	const struct plan *plan;
	Slirp *slirp;
	int guest, control;
	vector(struct pollfd) watched;
};

static struct in_addr address(const char *text)
{
	struct in_addr address = {0};

	inet_pton(AF_INET, text, &address);
	return address;
}

/* A guest that does not take it in time has lost a frame, as on any network. */
static ssize_t send_frame(const void *frame, size_t length, void *context)
{
	const struct stack *stack = context;

	return send(stack->guest, frame, length, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? 0
										  : (ssize_t)length;
}

static void ignore_error(const char *message, void *context)
{
	(void)message;
	(void)context;
}

static int64_t clock_nanoseconds(void *context)
{
	struct timespec now;

	(void)context;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ll + now.tv_nsec;
}

/* Only IPv6 has timers, and it is off. */
static void *no_timer(SlirpTimerCb callback, void *callback_context, void *context)
{
	(void)callback;
	(void)callback_context;
	(void)context;
	return NULL;
}

static void no_timer_free(void *timer, void *context)
{
	(void)timer;
	(void)context;
}

static void no_timer_change(void *timer, int64_t milliseconds, void *context)
{
	(void)timer;
	(void)milliseconds;
	(void)context;
}

/* Descriptors are asked for anew each time. */
static void ignore_fd(int fd, void *context)
{
	(void)fd;
	(void)context;
}

static void ignore_notice(void *context)
{
	(void)context;
}

static const SlirpCb callbacks = {
	.send_packet = send_frame,
	.guest_error = ignore_error,
	.clock_get_ns = clock_nanoseconds,
	.timer_new = no_timer,
	.timer_free = no_timer_free,
	.timer_mod = no_timer_change,
	.register_poll_fd = ignore_fd,
	.unregister_poll_fd = ignore_fd,
	.notify = ignore_notice,
};

static const struct {
	int slirp;
	short poll;
} events_table[] = {
	{SLIRP_POLL_IN, POLLIN},
	{SLIRP_POLL_OUT, POLLOUT},
	{SLIRP_POLL_PRI, POLLPRI},
	{SLIRP_POLL_ERR, POLLERR},
	{SLIRP_POLL_HUP, POLLHUP},
};

static int add_watched(int fd, int events, void *context)
{
	struct stack *stack = context;
	struct pollfd watched = {.fd = fd};

	for (size_t i = 0; i < array_count(events_table); i++)
		if (events & events_table[i].slirp)
			watched.events |= events_table[i].poll;
	vector_push(&stack->watched, watched);
	return (int)stack->watched.count - 1;
}

static int seen_events(int index, void *context)
{
	const struct stack *stack = context;
	int events = 0;

	for (size_t i = 0; i < array_count(events_table); i++)
		if (stack->watched.items[index].revents & events_table[i].poll)
			events |= events_table[i].slirp;
	return events;
}

static void take_frames(const struct stack *stack)
{
	uint8_t frame[FRAME_LIMIT];
	ssize_t length;

	while ((length = recv(stack->guest, frame, sizeof(frame), MSG_DONTWAIT)) > 0)
		slirp_input(stack->slirp, frame, (int)length);
}

/* False when the other side is gone. */
static bool take_command(const struct stack *stack)
{
	unsigned host, guest;
	char line[256];
	ssize_t length = recv(stack->control, line, sizeof(line) - 1, 0);

	if (length <= 0)
		return length < 0 && errno == EINTR;
	line[length] = '\0';
	cleanup_free char *reply = NULL;
	if (sscanf(line, "hostfwd_add net tcp:127.0.0.1:%u-:%u", &host, &guest) == 2)
		reply = xstrdup(slirp_add_hostfwd(stack->slirp, 0, address("127.0.0.1"), (int)host,
					address(stack->plan->guest), (int)guest)
					? "taken"
					: "");
	else
		reply = slirp_connection_info(stack->slirp);
	/* A reply is never empty: that would be the end. */
	size_t size = strlen(reply) + 1;
	return send(stack->control, reply, size, MSG_NOSIGNAL) == (ssize_t)size;
}

static void serve(struct stack *stack)
{
	for (;;) {
		uint32_t timeout = PAUSE_LIMIT;
		stack->watched.count = 0;
		add_watched(stack->control, SLIRP_POLL_IN, stack);
		add_watched(stack->guest, SLIRP_POLL_IN, stack);
		slirp_pollfds_fill(stack->slirp, &timeout, add_watched, stack);
		int ready = poll(stack->watched.items, stack->watched.count, (int)timeout);
		slirp_pollfds_poll(stack->slirp, ready < 0, seen_events, stack);
		if (ready > 0 && stack->watched.items[1].revents)
			take_frames(stack);
		if (ready > 0 && stack->watched.items[0].revents && !take_command(stack))
			return;
	}
}

/* Nothing of the parent's but these two stays open. */
static void close_others(int one, int other)
{
	int first = one < other ? one : other, second = one < other ? other : one;

	if (first > 3)
		close_range(3, first - 1, 0);
	if (second > first + 1)
		close_range(first + 1, second - 1, 0);
	close_range(second + 1, ~0u, 0);
}

static void die_with(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
}

/* In a process of its own, to which the stack connects as the guest does to the service. */
static void add_service(
	const struct stack *stack, const struct metadata *metadata, const char *directory)
{
	const struct sockaddr_un place = {.sun_family = AF_UNIX, .sun_path = "metadata"};
	struct in_addr at = address(service);
	pid_t parent = getpid();
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (chdir(directory) || (unlink(place.sun_path) && errno != ENOENT) ||
		bind(listener, (const struct sockaddr *)&place, sizeof(place)) ||
		listen(listener, SOMAXCONN) ||
		slirp_add_unix(stack->slirp, place.sun_path, &at, 80))
		_exit(1);
	pid_t pid = fork();
	if (pid < 0)
		_exit(1);
	if (!pid) {
		die_with(parent);
		metadata_serve(metadata, listener);
	}
	close(listener);
}

/* The child's whole life. Never returns. */
static void child(struct stack *stack, const struct boot_options *boot)
{
	const struct metadata *metadata = metadata_new(&boot->test->cloud);
	const struct plan *plan = metadata ? &with_service : &usual;
	const SlirpConfig config = {
		.version = 4,
		.restricted = !boot->interactive,
		.in_enabled = true,
		.vnetwork = address(plan->network),
		.vnetmask = address(plan->mask),
		.vhost = address(plan->host),
		.vdhcp_start = address(plan->guest),
		.vnameserver = address(plan->names),
	};

	stack->plan = plan;
	stack->slirp = slirp_new(&config, &callbacks, stack);
	if (stack->slirp && metadata)
		add_service(stack, metadata, boot->work);
	if (stack->slirp)
		serve(stack);
	_exit(1);
}

int user_network_start(
	const struct boot_options *boot, struct user_network *ret_network, struct error *err)
{
	int frames[2], control[2];
	pid_t parent = getpid();

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, frames))
		return error_errno(err, errno, "the guest's network");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control)) {
		close(frames[0]);
		close(frames[1]);
		return error_errno(err, errno, "the guest's network");
	}
	pid_t pid = fork();
	if (!pid) {
		struct stack stack = {.guest = frames[1], .control = control[1]};
		interrupt_reset();
		setpgid(0, 0);
		die_with(parent);
		close_others(frames[1], control[1]);
		child(&stack, boot);
	}
	close(frames[1]);
	close(control[1]);
	if (pid < 0) {
		error_errno(err, errno, "the guest's network");
		close(frames[0]);
		close(control[0]);
		return -1;
	}
	*ret_network = (struct user_network){pid, control[0], frames[0]};
	return 0;
}

int user_network_command(
	struct user_network *network, const char *line, char **ret_output, struct error *err)
{
	cleanup_free char *reply = xmalloc(LIST_LIMIT);
	struct pollfd answer = {network->control, POLLIN, 0};

	if (send(network->control, line, strlen(line), MSG_NOSIGNAL) < 0 ||
		poll(&answer, 1, REPLY_LIMIT) <= 0)
		return error_set(err, STATUS_EMULATOR, "the guest's network does not answer");
	ssize_t length = recv(network->control, reply, LIST_LIMIT - 1, 0);
	if (length <= 0)
		return error_set(err, STATUS_EMULATOR, "the guest's network has ended");
	reply[length] = '\0';
	*ret_output = steal_pointer(&reply);
	return 0;
}

void user_network_stop(struct user_network *network)
{
	if (!network->pid)
		return;
	close(network->control);
	close(network->guest);
	process_end(network->pid);
	*network = (struct user_network){0};
}
