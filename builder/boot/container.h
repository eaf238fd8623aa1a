/*
 * Container engines: what machine-container.c runs guests by. All of them get the guest's tree as
 * WORK/NAME/rootfs, and show the agent's line, if there is one, in it as CONTAINER_AGENT.
 *
 * A new engine is a row in container.c.
 */
#pragma once

#include "boot.h"
#include "base/text.h"

#define CONTAINER_AGENT "/dev/jeos-agent"

struct container {
	const struct boot_options *boot; /* borrowed */
	const struct container_engine *engine;
	char *work;      /* boot->work as an absolute path; owned */
	char *name;      /* of the container, unlike that of any other; owned */
	char *directory; /* WORK/NAME; owned */
	/* Terminals of this host; NULL while unpacking. Without a line for an agent there is none
	 * in the guest, and a person has the console. */
	const char *agent_line, *console;
};

struct container_engine {
	const char *name;                      /* of the machine in the platform's row */
	const char *const *programs, *package; /* programs: NULL-terminated */
	/* Unpacks the image to DIRECTORY/rootfs. */
	int (*unpack)(const struct container *container, struct error *err);
	/* Appends the command that runs the guest and ends when it does; what it needs written is
	 * written. The words' texts are the arena's. */
	int (*compose)(const struct container *container, struct arena *arena, struct words *words,
		struct error *err);
	bool no_init; /* a program runs in it, which nobody turns off */
};

/* That of the machine, if it can run here: STATUS_MISSING says what is lacking. */
int container_engine_find(const struct boot_options *options,
	const struct container_engine **ret_engine, struct error *err);
