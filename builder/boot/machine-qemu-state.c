/*
 * The state of a guest as QEMU keeps it: snapshots in the overlay, a move to another QEMU that is
 * started by the same command (QEMU, docs/devel/migration.rst), the balloon.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/process.h"
#include "clock.h"
#include "machine-qemu.h"

enum {
	MOVE_LIMIT = 120 * 1000, /* milliseconds for a move */
	MOVE_PAUSE = 50,
	BALLOON_PAUSE = 200,
};

static struct machine_qemu *qemu_of(struct machine *machine)
{
	return (struct machine_qemu *)machine;
}

/* What QEMU's monitor says is why not; nothing when it worked. */
static int run_quietly(struct machine_qemu *qemu, const char *line, struct error *err)
{
	cleanup_free char *output = NULL;

	if (qemu_monitor(&qemu->machine, line, &output, err))
		return -1;
	if (!*output)
		return 0;
	output[strcspn(output, "\r\n")] = '\0';
	return error_set(err, STATUS_MISSING, "%s: %s", line, output);
}

int qemu_snapshot(struct machine *machine, struct error *err)
{
	struct machine_qemu *qemu = qemu_of(machine);

	qemu->pausing = true;
	return run_quietly(qemu, "savevm jeos", err);
}

int qemu_go_back(struct machine *machine, struct error *err)
{
	return run_quietly(qemu_of(machine), "loadvm jeos", err);
}

/* Asks how far a move is: 1 it is done, 0 it is under way. */
static int move_status(struct machine_qemu *qemu, bool *ret_done, struct error *err)
{
	json_t *result;

	if (qmp_command(&qemu->qmp, "query-migrate", NULL, &result, err))
		return -1;
	const char *status = json_string_value(json_object_get(result, "status"));
	const char *why = json_string_value(json_object_get(result, "error-desc"));
	bool failed = text_equal(status, "failed") || text_equal(status, "cancelled");
	*ret_done = text_equal(status, "completed");
	if (failed)
		error_set(err, STATUS_CHECK, "the move %s: %s", status, why ? why : "no reason");
	json_decref(result);
	return failed ? -1 : 0;
}

static int wait_moved(struct machine_qemu *qemu, int (*meanwhile)(void *context, struct error *err),
	void *context, struct error *err)
{
	uint64_t deadline = clock_now() + MOVE_LIMIT;
	bool done = false;

	while (!done) {
		if (!clock_until(deadline))
			return error_set(err, STATUS_CHECK, "the move was not done in %d s",
				MOVE_LIMIT / 1000);
		if ((meanwhile && meanwhile(context, err)) ||
			machine_pause(&qemu->machine, MOVE_PAUSE, err))
			return -1;
		if (qemu->machine.state != MACHINE_RUNNING)
			return error_set(err, STATUS_CHECK, "the machine stopped on the way");
		if (move_status(qemu, &done, err))
			return -1;
	}
	return 0;
}

/* "tcp:127.0.0.1:PORT", where a QEMU waits for a guest; owned by the caller. */
static int incoming_address(struct machine_qemu *next, char **ret_address, struct error *err)
{
	json_t *result;

	if (qmp_command(&next->qmp, "migrate-incoming",
		    json_pack("{s:s}", "uri", "tcp:127.0.0.1:0"), NULL, err) ||
		qmp_command(&next->qmp, "query-migrate", NULL, &result, err))
		return -1;
	const json_t *address = json_array_get(json_object_get(result, "socket-address"), 0);
	const char *port = json_string_value(json_object_get(address, "port"));
	*ret_address = xasprintf("tcp:127.0.0.1:%s", port ? port : "0");
	json_decref(result);
	return 0;
}

/* A QEMU that is like the other and waits for its guest. */
static int start_waiting(
	struct machine_qemu *qemu, struct machine_qemu **ret_next, struct error *err)
{
	struct machine_qemu *next = qemu_new(qemu->work);

	next->network.guest = qemu->network.guest; /* both of them have it */
	next->command.machine = qemu->command.machine;
	for (size_t i = 0; qemu->command.words.items[i]; i++)
		qemu_option(&next->command, qemu->command.words.items[i], NULL);
	qemu_option(&next->command, "-incoming", "defer");
	if (qemu_launch(next, err)) {
		machine_free(&next->machine);
		return -1;
	}
	*ret_next = next;
	return 0;
}

static int send_to(struct machine_qemu *qemu, const char *address, struct error *err)
{
	return qmp_command(&qemu->qmp, "migrate", json_pack("{s:s}", "uri", address), NULL, err);
}

static int move_live(struct machine_qemu *qemu, struct machine_qemu **ret_next,
	int (*meanwhile)(void *context, struct error *err), void *context, struct error *err)
{
	cleanup_free char *address = NULL;
	struct machine_qemu *next;

	if (start_waiting(qemu, &next, err))
		return -1;
	if (incoming_address(next, &address, err) || send_to(qemu, address, err) ||
		wait_moved(qemu, meanwhile, context, err)) {
		machine_free(&next->machine);
		return -1;
	}
	*ret_next = next;
	return 0;
}

static int move_by_file(struct machine_qemu *qemu, struct machine_qemu **ret_next,
	int (*meanwhile)(void *context, struct error *err), void *context, struct error *err)
{
	cleanup_fd int state = open(qemu->work, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	struct machine_qemu *next;

	if (state < 0)
		return error_errno(err, errno, "%s: a file for the guest's state", qemu->work);
	if (qmp_command(&qemu->qmp, "stop", NULL, NULL, err) ||
		qmp_give(&qemu->qmp, "state", state, err) || send_to(qemu, "fd:state", err) ||
		wait_moved(qemu, meanwhile, context, err) || start_waiting(qemu, &next, err))
		return -1;
	/* Both have the one file offset. */
	if (lseek(state, 0, SEEK_SET))
		error_errno(err, errno, "the guest's state");
	else if (!qmp_give(&next->qmp, "state", state, err) &&
		 !qmp_command(&next->qmp, "migrate-incoming", json_pack("{s:s}", "uri", "fd:state"),
			 NULL, err) &&
		 !wait_moved(next, NULL, NULL, err) &&
		 !qmp_command(&next->qmp, "cont", NULL, NULL, err)) {
		*ret_next = next;
		return 0;
	}
	machine_free(&next->machine);
	return -1;
}

/* The machine goes on with another process, which has the guest now. */
static void take_over(struct machine_qemu *qemu, struct machine_qemu *next)
{
	const struct machine_qemu before = *qemu;

	qemu->qmp = next->qmp;
	qemu->qmp.context = qemu;
	qemu->pid = next->pid;
	qemu->output = next->output;
	qemu->machine.console_line = next->machine.console_line;
	qemu->machine.agent_line = next->machine.agent_line;
	qemu->machine.control_fd = next->machine.control_fd;
	user_ports_release(&qemu->ports);
	next->qmp = before.qmp;
	next->pid = before.pid;
	next->output = before.output;
	next->machine.console_line = before.machine.console_line;
	next->machine.agent_line = before.machine.agent_line;
	machine_free(&next->machine);
}

int qemu_move(struct machine *machine, enum machine_move how,
	int (*meanwhile)(void *context, struct error *err), void *context, struct error *err)
{
	struct machine_qemu *qemu = qemu_of(machine), *next = NULL;

	qemu->pausing = true;
	if (how == MOVE_LIVE ? move_live(qemu, &next, meanwhile, context, err)
			     : move_by_file(qemu, &next, meanwhile, context, err))
		return -1;
	take_over(qemu, next);
	return 0;
}

int qemu_balloon(struct machine *machine, uint64_t bytes, uint64_t deadline, struct error *err)
{
	struct machine_qemu *qemu = qemu_of(machine);
	json_int_t actual;

	if (qmp_command(&qemu->qmp, "balloon", json_pack("{s:I}", "value", (json_int_t)bytes), NULL,
		    err))
		return -1;
	do {
		json_t *result;
		if (machine_pause(machine, BALLOON_PAUSE, err) ||
			qmp_command(&qemu->qmp, "query-balloon", NULL, &result, err))
			return -1;
		actual = json_integer_value(json_object_get(result, "actual"));
		json_decref(result);
		if ((uint64_t)actual == bytes)
			return 0;
	} while (clock_until(deadline) && machine->state == MACHINE_RUNNING);
	return error_set(err, STATUS_CHECK,
		"the guest has %" JSON_INTEGER_FORMAT " bytes of memory, not %" PRIu64, actual,
		bytes);
}
