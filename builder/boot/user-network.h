/*
 * A user-mode network for guests that are not QEMU's: libslirp in a process of its own, with the
 * addresses that it gives to QEMU's guests, or with others where a cloud's metadata service is in
 * it. Frames go through a socket, one each datagram. The process ends when jeos does, or by
 * user_network_stop().
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "boot.h"

struct user_network {
	pid_t pid;   /* 0: not running */
	int control; /* takes the lines of user-port.h; owned */
	int guest;   /* the guest's end of the socket; owned */
};

/* A guest under test reaches nothing but what connects to it, and the metadata service if its cloud
 * has one, whose socket is in the work directory. */
int user_network_start(
	const struct boot_options *boot, struct user_network *ret_network, struct error *err);
int user_network_command(
	struct user_network *network, const char *line, char **ret_output, struct error *err);
void user_network_stop(struct user_network *network);
