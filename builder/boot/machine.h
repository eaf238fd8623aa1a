/*
 * A machine: a running guest, whatever runs it. It has a console, whose text is kept and logged, a
 * second line on which the agent in the guest speaks, and a state, which only goes one way: from
 * RUNNING to one of the others.
 *
 * A new back end is one file machine-NAME.c with one `struct machine_driver`, and its line in
 * machine.c. A machine's row in platform.c names it.
 */
#pragma once

#include "accelerator.h"
#include "console.h"
#include "image/disk.h"
#include "kernel-files.h"
#include "line.h"

enum machine_state {
	MACHINE_RUNNING,
	MACHINE_OFF,      /* the guest turned itself off, and the emulator ended well */
	MACHINE_RESET,    /* the guest reset itself */
	MACHINE_PANICKED, /* the guest's kernel gave up */
	MACHINE_BROKEN,   /* the emulator failed: see `failure` */
};

struct machine;

/* How a running guest is carried from one emulator to another. */
enum machine_move {
	MOVE_LIVE,    /* while it runs, over a TCP connection on the loopback */
	MOVE_BY_FILE, /* stopped, its state kept in a file meanwhile */
};

/* Paths are relative to the work directory, the log aside. */
struct machine_options {
	const struct boot_options *boot;
	const struct accelerator_choice *accelerator;
	const char *disk;                 /* the overlay */
	unsigned root_number;             /* of the root's partition; 0: it is the whole disk */
	const char *volume;               /* what the cloud tells, a raw disk; NULL: nothing */
	const struct boot_kernel *kernel; /* NULL: the image brings none for the machine */
	const char *log;                  /* file for the raw console; NULL: standard output */
};

/* What a machine for these options is like. */
struct machine_facts {
	const char *agent_device; /* the agent's line, by the guest's name: "/dev/ttyS1" */
	uint64_t memory; /* bytes: those of the test, or what the firmware needs if it is more */
	bool powers_off; /* the guest can turn it off */
	struct accelerator_choice accelerator;
};

struct machine_driver {
	const char *name;                  /* "qemu" */
	const struct disk_driver *overlay; /* what the throw-away copy of the disk is */
	bool has_kernel;                   /* for images that bring none */
	uint64_t host_memory;              /* bytes for what the guest runs in; 0: nothing */
	/* Makes the throw-away copy of an image that is no disk, with the agent in it; NULL: images
	 * are disks. */
	int (*unpack)(const struct boot_options *options, struct error *err);
	/* STATUS_MISSING when it has no machine of the architecture. */
	int (*describe)(const struct boot_options *options, struct machine_facts *ret_facts,
		struct error *err);
	int (*start)(const struct machine_options *options, struct machine **ret_machine,
		struct error *err);
	/* Takes in what came on the control line, without waiting. */
	void (*receive)(struct machine *machine);
	/* Why a guest that does not get up never will; NULL: nothing known. Owned by the caller. */
	char *(*diagnose)(struct machine *machine);
	/* Milliseconds of this host's processors that it has used; 0: unknown. */
	uint64_t (*processor_time)(struct machine *machine);
	/* A connection to a TCP port of the guest, made within the time or an error (STATUS_CHECK).
	 */
	int (*connect)(struct machine *machine, unsigned port, uint64_t deadline, int *ret_fd,
		struct error *err);
	void (*free)(struct machine *machine);
	/*
	 * What not every back end can do (NULL), nor each of its machines (STATUS_MISSING). A guest
	 * that does not survive is STATUS_CHECK. `meanwhile` is called time and again as long as
	 * the old machine is there.
	 */
	int (*snapshot)(struct machine *machine, struct error *err);
	int (*go_back)(struct machine *machine, struct error *err); /* to the last snapshot */
	int (*move)(struct machine *machine, enum machine_move how,
		int (*meanwhile)(void *context, struct error *err), void *context,
		struct error *err);
	/* Leaves the guest so many bytes of its memory, or gives it back what it had. */
	int (*balloon)(
		struct machine *machine, uint64_t bytes, uint64_t deadline, struct error *err);
};

/* Drivers embed this first. */
struct machine {
	const struct machine_driver *driver;
	enum machine_state state;
	char *failure; /* why it is BROKEN; owned */
	struct console console;
	struct line console_line, agent_line;
	int console_log;  /* descriptor; owned */
	bool interactive; /* a person judges what is on the console: all of it is shown */
	int control_fd;   /* wakes machine_wait(); the driver's */
};

extern const struct machine_driver machine_qemu, machine_uml, machine_container, machine_xen;
/* The one that the machine's row names. */
const struct machine_driver *machine_driver_of(const struct test_machine *hardware);

int machine_describe(
	const struct boot_options *options, struct machine_facts *ret_facts, struct error *err);
/* Starts the guest. STATUS_EMULATOR when the emulator would not. */
int machine_start(
	const struct machine_options *options, struct machine **ret_machine, struct error *err);
/*
 * Takes in what the guest says and does, waiting at most until `deadline` for something to come,
 * often less: call it in a loop that asks for what it waits for. Fails on an interrupt only.
 */
int machine_wait(struct machine *machine, uint64_t deadline, struct error *err);
/* The same for the whole time. */
int machine_pause(struct machine *machine, uint64_t milliseconds, struct error *err);
int machine_connect(
	struct machine *machine, unsigned port, uint64_t deadline, int *ret_fd, struct error *err);
/* Ends the guest if it still runs. NULL is fine. */
void machine_free(struct machine *machine);

/* Takes in what the console has said by now; for drivers whose guest has ended. */
void machine_receive_console(struct machine *machine);
/* Marks the machine BROKEN and takes over `failure`; for drivers. */
void machine_break(struct machine *machine, char *failure);
