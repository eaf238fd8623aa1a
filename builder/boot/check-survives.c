/*
 * Checks of what a host does to a running guest: snapshots, suspending, moving, taking memory. A
 * mark in the guest's memory tells whether it is the same one afterwards.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/size.h"
#include "check.h"
#include "clock.h"

enum { ANSWER_LIMIT = 500 /* milliseconds that one try at the service may take */ };

#define MARK_PATH "/run/jeos-agent/mark"

/* A service that must go on answering, and the longest time that it did not. */
struct service {
	struct subject *subject;
	unsigned port;        /* 0: none */
	uint64_t answered;    /* when it did last */
	uint64_t longest_gap; /* milliseconds */
	unsigned answers;
};

static int mark(struct subject *subject, const char *text, struct error *err)
{
	cleanup_reply struct agent_reply reply = {0};
	cleanup_free char *command = xasprintf("echo %s >" MARK_PATH, text);

	return subject_run(subject, command, &reply, err);
}

static int expect_mark(struct subject *subject, const char *text, struct error *err)
{
	cleanup_reply struct agent_reply reply = {0};
	size_t length = strlen(text);

	if (subject_run(subject, "cat " MARK_PATH, &reply, err))
		return -1;
	if (reply.output.length == length + 1 && !strncmp(reply.output.data, text, length))
		return 0;
	return error_set(err, STATUS_CHECK, "what was in its memory is lost");
}

/* One try at the service; that it does not answer is no error here. */
static int ask(void *context, struct error *err)
{
	struct service *service = context;
	cleanup_fd int fd = -1;

	if (!service->port)
		return 0;
	if (machine_connect(service->subject->machine, service->port, clock_now() + ANSWER_LIMIT,
		    &fd, err)) {
		if (err->status != STATUS_CHECK && err->status != STATUS_EMULATOR)
			return -1;
		error_release(err);
		return 0;
	}
	uint64_t now = clock_now();
	if (service->answers++ && now - service->answered > service->longest_gap)
		service->longest_gap = now - service->answered;
	service->answered = now;
	return 0;
}

/* It answers, within the time. */
static int expect_answer(struct service *service, uint64_t limit, struct error *err)
{
	uint64_t deadline = clock_now() + limit;
	unsigned before = service->answers;

	while (service->port && service->answers == before) {
		if (ask(service, err))
			return -1;
		if (!clock_until(deadline))
			return error_set(
				err, STATUS_CHECK, "port %u does not answer", service->port);
	}
	return 0;
}

static int move(struct subject *subject, enum machine_move how, const struct recipe_check *check,
	struct error *err)
{
	struct machine *machine = subject->machine;
	struct service service = {.subject = subject, .port = (unsigned)check->number};

	if (!machine->driver->move)
		return error_set(
			err, STATUS_MISSING, "%s cannot move a guest", machine->driver->name);
	if (mark(subject, "moved", err) || expect_answer(&service, check->within, err) ||
		machine->driver->move(machine, how, ask, &service, err) ||
		expect_answer(&service, check->within, err) || expect_mark(subject, "moved", err))
		return -1;
	if (service.port)
		subject->remark =
			xasprintf("port %u answered %u times, the longest gap was %" PRIu64 " ms",
				service.port, service.answers, service.longest_gap);
	return 0;
}

static int survive_migration(
	struct subject *subject, const struct recipe_check *check, struct error *err)
{
	return move(subject, MOVE_LIVE, check, err);
}

static int survive_suspend(
	struct subject *subject, const struct recipe_check *check, struct error *err)
{
	return move(subject, MOVE_BY_FILE, check, err);
}

static int survive_snapshot(
	struct subject *subject, const struct recipe_check *check, struct error *err)
{
	struct machine *machine = subject->machine;
	struct service service = {.subject = subject, .port = (unsigned)check->number};

	if (!machine->driver->snapshot)
		return error_set(err, STATUS_MISSING, "%s has no snapshots", machine->driver->name);
	if (mark(subject, "before", err) || machine->driver->snapshot(machine, err) ||
		mark(subject, "after", err) || machine->driver->go_back(machine, err) ||
		expect_mark(subject, "before", err))
		return -1;
	return expect_answer(&service, check->within, err);
}

static const struct {
	const char *name;
	int (*make)(struct subject *subject, const struct recipe_check *check, struct error *err);
} events[] = {
	{"migration", survive_migration},
	{"snapshot", survive_snapshot},
	{"suspend", survive_suspend},
};

int check_survives(struct subject *subject, const struct recipe_check *check, struct error *err)
{
	for (size_t i = 0; i < array_count(events); i++)
		if (text_equal(events[i].name, check->text))
			return events[i].make(subject, check, err);
	return error_set(err, STATUS_FAILED, "%s: unknown event", check->text);
}

/* Bytes that the guest's kernel says it has. */
static int guest_memory(struct subject *subject, uint64_t *ret_bytes, struct error *err)
{
	cleanup_reply struct agent_reply reply = {0};
	uint64_t kib;

	if (subject_run(subject, "grep ^MemTotal: /proc/meminfo", &reply, err))
		return -1;
	if (sscanf(reply.output.data, "MemTotal: %" SCNu64, &kib) != 1)
		return error_set(err, STATUS_CHECK, "it does not say how much memory it has");
	*ret_bytes = kib * KIB;
	return 0;
}

/* What the machine was given is the ceiling: a host takes some of it, and gives it back. */
int check_balloon(struct subject *subject, const struct recipe_check *check, struct error *err)
{
	struct machine *machine = subject->machine;
	uint64_t given = subject->facts.memory, full, less, deadline = clock_now() + check->within;

	if (!machine->driver->balloon)
		return error_set(err, STATUS_MISSING, "%s has no balloon", machine->driver->name);
	if (check->number >= given)
		return error_set(err, STATUS_CHECK, "it has no more than that from the start");
	if (guest_memory(subject, &full, err) ||
		machine->driver->balloon(machine, check->number, deadline, err) ||
		guest_memory(subject, &less, err) ||
		machine->driver->balloon(machine, given, deadline, err))
		return -1;
	if (less <= check->number)
		return 0;
	return error_set(err, STATUS_CHECK,
		"its kernel still had %" PRIu64 " of %" PRIu64 " bytes of memory", less, full);
}
