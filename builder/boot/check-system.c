/* Checks on the guest as a whole: memory, the root's size, its units, its kernel, its end. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/size.h"
#include "check.h"
#include "clock.h"

enum {
	GROWN_PERCENT = 95,  /* of what is there, the root's partition must have */
	FILLED_PERCENT = 90, /* ... and of that the filesystem, less its own tables and journal */
	POWER_OFF_LIMIT = 60 * 1000, /* milliseconds */
	TAINT_DIE = 1 << 7,          /* the kernel has faulted: admin-guide/tainted-kernels.rst */
};

int check_memory_used(struct subject *subject, const struct recipe_check *check, struct error *err)
{
	char used[32], allowed[32];

	if (subject->hello.memory_used <= check->number)
		return 0;
	return error_set(err, STATUS_CHECK, "%s in use when it was ready, at most %s are allowed",
		size_format(subject->hello.memory_used, used, sizeof(used)),
		size_format(check->number, allowed, sizeof(allowed)));
}

static int try_root(struct subject *subject, const struct recipe_check *check, uint64_t deadline,
	struct error *err)
{
	uint64_t room = subject->overlay.size - subject->overlay.root_start;
	cleanup_reply struct agent_reply reply = {0};
	uint64_t device, filesystem;
	char sizes[3][32];

	(void)check, (void)deadline;
	if (subject->overlay.read_only)
		return error_set(err, STATUS_MISSING, "a read-only root does not grow");
	if (subject_run(subject, AGENT_COMMAND " root_size", &reply, err))
		return -1;
	if (sscanf(reply.output.data, "%" SCNu64 " %" SCNu64, &device, &filesystem) != 2)
		return error_set(err, STATUS_CHECK, "the root is on no disk");
	if (device / 100 >= room / 10000 * GROWN_PERCENT &&
		filesystem / 100 >= device / 10000 * FILLED_PERCENT)
		return 0;
	return error_set(err, STATUS_CHECK, "the filesystem has %s on a partition of %s, of %s",
		size_format(filesystem, sizes[0], sizeof(sizes[0])),
		size_format(device, sizes[1], sizeof(sizes[1])),
		size_format(room, sizes[2], sizeof(sizes[2])));
}

/* Growing may go on behind the rest of the boot. */
int check_root_grows(struct subject *subject, const struct recipe_check *check, struct error *err)
{
	return check_retry(subject, check, try_root, err);
}

int check_no_failed_units(
	struct subject *subject, const struct recipe_check *check, struct error *err)
{
	cleanup_reply struct agent_reply reply = {0};

	(void)check;
	if (subject_run(subject,
		    "[ -d /run/systemd/system ] || { echo none; exit; }; "
		    "systemctl list-units --failed --plain --no-legend --no-pager",
		    &reply, err))
		return -1;
	if (!strcmp(reply.output.data, "none\n"))
		return error_set(err, STATUS_MISSING, "no systemd runs in the guest");
	if (!reply.output.length)
		return 0;
	cleanup_free char *tail = agent_reply_tail(&reply);
	return error_set(err, STATUS_CHECK, "failed units:%s", tail);
}

int check_no_kernel_fault(
	struct subject *subject, const struct recipe_check *check, struct error *err)
{
	cleanup_reply struct agent_reply reply = {0};

	(void)check;
	if (subject->machine->console.oops)
		return error_set(
			err, STATUS_CHECK, "the console says: %s", subject->machine->console.oops);
	if (subject_run(subject, "cat /proc/sys/kernel/tainted", &reply, err))
		return -1;
	if (strtoul(reply.output.data, NULL, 10) & TAINT_DIE)
		return error_set(err, STATUS_CHECK, "the kernel says that it has faulted");
	return 0;
}

static int explain_end(const struct machine *machine, struct error *err)
{
	switch (machine->state) {
	case MACHINE_OFF:
		return machine->console.oops ? error_set(err, STATUS_CHECK, "on the way: %s",
						       machine->console.oops)
					     : 0;
	case MACHINE_RESET:
		return error_set(err, STATUS_CHECK, "the guest reset itself");
	case MACHINE_PANICKED:
		return error_set(err, STATUS_CHECK, "the guest's kernel panicked");
	case MACHINE_BROKEN:
		return error_set(err, STATUS_CHECK, "%s", machine->failure);
	case MACHINE_RUNNING:
		break;
	}
	cleanup_free char *tail = console_tail(&machine->console, 8);
	return error_set(err, STATUS_CHECK, "still on after %d s; the last lines of its console:%s",
		POWER_OFF_LIMIT / 1000, tail);
}

/* The guest is told to, and QEMU must end by itself. */
int check_power_off(struct subject *subject, const struct recipe_check *check, struct error *err)
{
	uint64_t deadline = clock_now() + POWER_OFF_LIMIT;
	cleanup_reply struct agent_reply reply = {0};

	(void)check;
	if (!subject->facts.powers_off)
		return error_set(
			err, STATUS_MISSING, "this machine cannot be turned off by its guest");
	/* The agent may be gone before it can reply. */
	if (subject_run(subject, "systemctl poweroff || poweroff", &reply, err)) {
		if (err->status != STATUS_CHECK || subject->machine->state == MACHINE_RUNNING)
			return -1;
		error_release(err);
	}
	while (subject->machine->state == MACHINE_RUNNING && clock_until(deadline))
		if (machine_wait(subject->machine, deadline, err))
			return -1;
	return explain_end(subject->machine, err);
}
