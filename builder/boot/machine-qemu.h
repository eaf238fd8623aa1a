/* The QEMU machine's insides, for machine-qemu*.c. */
#pragma once

#include "machine.h"
#include "qemu-command.h"
#include "qmp.h"
#include "user-network.h"
#include "user-port.h"

struct machine_qemu {
	struct machine machine;
	struct qmp qmp;
	pid_t pid;                   /* 0: ended */
	struct qemu_command command; /* what started it */
	const char *work;            /* its directory; borrowed */
	bool pausing;                /* it is us who stop the guest now and then */
	int output;                  /* what QEMU itself says: a nameless file; owned */
	enum machine_state farewell; /* what the guest will have done when QEMU ends */
	uint64_t next_look;          /* at its registers; milliseconds of clock_now() */
	struct user_ports ports;
	struct user_network network; /* for a guest that a cloud's service tells; else QEMU's own */
};

/* Starts QEMU by its command, its lines connected. */
int qemu_launch(struct machine_qemu *qemu, struct error *err);
/* An empty one, which machine_free() takes. */
struct machine_qemu *qemu_new(const char *work);

/* What a driver of machines in QEMU has in common with that of QEMU's own. */
void qemu_receive(struct machine *machine);
int qemu_connect(
	struct machine *machine, unsigned port, uint64_t deadline, int *ret_fd, struct error *err);
void qemu_free(struct machine *machine);
/* The last words of QEMU itself; owned by the caller. */
char *qemu_last_words(const struct machine_qemu *qemu);
/* Adds QEMU's ends of the lines, as the chardevs `console` and `agent` and a monitor for us. */
void qemu_add_lines(struct qemu_command *command);

int qemu_snapshot(struct machine *machine, struct error *err);
int qemu_go_back(struct machine *machine, struct error *err);
int qemu_move(struct machine *machine, enum machine_move how,
	int (*meanwhile)(void *context, struct error *err), void *context, struct error *err);
int qemu_balloon(struct machine *machine, uint64_t bytes, uint64_t deadline, struct error *err);

/* A command of QEMU's monitor for people; its output is owned by the caller. */
int qemu_monitor(struct machine *machine, const char *line, char **ret_output, struct error *err);

/* Looks now and then how far a guest is that is told to be quiet, whose console ends with the
 * firmware's last words. */
void qemu_look(struct machine_qemu *qemu);
/* What QEMU can tell of a guest that does not get up: see struct machine_driver. */
char *qemu_diagnose(struct machine *machine);
uint64_t qemu_processor_time(struct machine *machine);
/* The same of a process, by its line in /proc/PID/stat (proc(5)); 0 when that is none. */
uint64_t stat_processor_time(const char *stat);
/* Where a processor with these registers (`info registers`) is; FIRMWARE when they do not tell. */
enum boot_phase registers_phase(const char *registers);
