/*
 * Connections into a guest whose network is libslirp's, QEMU's user-mode network: a port of the
 * host is forwarded when it is first asked for. Whatever runs the stack takes two lines that are
 * those of QEMU's monitor: "hostfwd_add net tcp:127.0.0.1:HOST-:GUEST" says nothing when it worked,
 * "info usernet" lists the connections.
 */
#pragma once

#include "machine.h"

/* A port of the guest and the one of the host that leads there. */
struct user_port {
	unsigned guest, host;
};

struct user_ports {
	struct machine *machine; /* borrowed */
	/* Takes a line to the stack; its output is owned by the caller. */
	int (*command)(
		struct machine *machine, const char *line, char **ret_output, struct error *err);
	vector(struct user_port) forwards;
};

/* Forwards the ports that the options name: those of the host are as they say. */
int user_ports_forward(
	struct user_ports *ports, const struct boot_options *options, struct error *err);
/* See struct machine_driver. */
int user_ports_connect(
	struct user_ports *ports, unsigned port, uint64_t deadline, int *ret_fd, struct error *err);
void user_ports_release(struct user_ports *ports);

/* Whether the list of connections has one through that port of the host to which the guest has
 * agreed. */
bool usernet_established(const char *list, unsigned host_port);
