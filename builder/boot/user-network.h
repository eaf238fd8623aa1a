/*
 * A user-mode network for guests that are not QEMU's: libslirp in a process of its own, with the
 * addresses that it gives to QEMU's guests. Frames go through a socket, one each datagram. The
 * process ends when jeos does, or by user_network_stop().
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

struct user_network {
	pid_t pid;   /* 0: not running */
	int control; /* takes the lines of user-port.h; owned */
};

/* With `isolated` the guest reaches nothing but what connects to it. *ret_guest is the guest's end
 * of the socket, owned by the caller. */
int user_network_start(
	bool isolated, struct user_network *ret_network, int *ret_guest, struct error *err);
int user_network_command(
	struct user_network *network, const char *line, char **ret_output, struct error *err);
void user_network_stop(struct user_network *network);
