/* The host's side of a forwarded connection opens before the guest has agreed to it, so the stack
 * is asked whether it has. */
#include "user-port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "clock.h"

enum { FORWARD_TRIES = 8 };

static struct sockaddr_in loopback(unsigned port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* A port that was free just now. */
static int free_port(unsigned *ret_port, struct error *err)
{
	struct sockaddr_in address = loopback(0);
	socklen_t length = sizeof(address);
	cleanup_fd int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
		getsockname(fd, (struct sockaddr *)&address, &length))
		return error_errno(err, errno, "looking for a free port");
	*ret_port = ntohs(address.sin_port);
	return 0;
}

static int forward_one(
	struct user_ports *ports, unsigned host, unsigned guest, bool *ret_taken, struct error *err)
{
	cleanup_free char *line = xasprintf("hostfwd_add net tcp:127.0.0.1:%u-:%u", host, guest);
	cleanup_free char *output = NULL;

	if (ports->command(ports->machine, line, &output, err))
		return -1;
	*ret_taken = *output;
	return 0;
}

int user_ports_forward(
	struct user_ports *ports, const struct boot_options *options, struct error *err)
{
	bool taken;

	for (size_t i = 0; i < options->forward_count; i++) {
		const struct port_forward *wanted = &options->forwards[i];
		if (forward_one(ports, wanted->host, wanted->guest, &taken, err))
			return -1;
		if (taken)
			return error_set(err, STATUS_EMULATOR,
				"port %u of this host cannot be led into the guest: something else "
				"may have it; give another one to --port",
				wanted->host);
	}
	return 0;
}

/* Somebody else may take a port that was free: then another one is tried. */
static int forward(struct user_ports *ports, unsigned guest, unsigned *ret_host, struct error *err)
{
	vector_for_each (known, &ports->forwards)
		if (known->guest == guest) {
			*ret_host = known->host;
			return 0;
		}
	for (unsigned try = 0; try < FORWARD_TRIES; try++) {
		unsigned host = 0;
		bool taken;
		if (free_port(&host, err) || forward_one(ports, host, guest, &taken, err))
			return -1;
		if (taken)
			continue;
		vector_push(&ports->forwards, ((struct user_port){guest, host}));
		*ret_host = host;
		return 0;
	}
	return error_set(err, STATUS_CHECK, "no port of this host can be forwarded");
}

bool usernet_established(const char *list, unsigned host_port)
{
	cleanup_free char *copy = xstrdup(list);
	char state[32];
	unsigned port;

	for (char *rest = copy, *line; (line = strsep(&rest, "\n"));)
		if (sscanf(line, " TCP[%31[^]]] %*d %*s %u", state, &port) == 2 &&
			port == host_port &&
			(!strcmp(state, "ESTABLISHED") || !strcmp(state, "CLOSE_WAIT")))
			return true;
	return false;
}

/* Whether the guest has agreed; an error when it refused or gave no answer in time. */
static int wait_established(
	struct user_ports *ports, int fd, unsigned host, uint64_t deadline, struct error *err)
{
	char byte;

	for (;;) {
		cleanup_free char *list = NULL;
		ssize_t peeked = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
		if (peeked > 0)
			return 0;
		if (!peeked || errno != EAGAIN)
			return error_set(err, STATUS_CHECK, "connection refused");
		if (ports->command(ports->machine, "info usernet", &list, err))
			return -1;
		if (usernet_established(list, host))
			return 0;
		if (!clock_until(deadline))
			return error_set(err, STATUS_CHECK, "no answer from the guest");
		uint64_t soon = clock_now() + 50;
		if (machine_wait(ports->machine, soon < deadline ? soon : deadline, err))
			return -1;
		if (ports->machine->state != MACHINE_RUNNING)
			return error_set(err, STATUS_CHECK, "the machine stopped");
	}
}

int user_ports_connect(
	struct user_ports *ports, unsigned port, uint64_t deadline, int *ret_fd, struct error *err)
{
	cleanup_fd int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	unsigned host = 0;

	if (fd < 0)
		return error_errno(err, errno, "making a socket");
	if (forward(ports, port, &host, err))
		return -1;
	struct sockaddr_in address = loopback(host);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return error_set(
			err, STATUS_CHECK, "connecting to the forwarded port: %s", strerror(errno));
	if (wait_established(ports, fd, host, deadline, err))
		return -1;
	*ret_fd = steal_fd(&fd);
	return 0;
}

void user_ports_release(struct user_ports *ports)
{
	vector_release(&ports->forwards);
}
