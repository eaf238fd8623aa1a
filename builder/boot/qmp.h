/*
 * QMP, the control line of QEMU: a greeting, then commands with their replies, and events at any
 * time; each a JSON object on a line of its own (QEMU, docs/interop/qmp-spec.txt).
 */
#pragma once

#include <jansson.h>

#include "line.h"

struct qmp {
	struct line line;
	unsigned last_id; /* of the commands sent */
	/* Called for each event; `data` is borrowed and may be NULL. */
	void (*event)(void *context, const char *name, const json_t *data);
	void *context;
};

/* Waits for the greeting and leaves QEMU ready for commands. Failures are STATUS_EMULATOR. */
int qmp_start(struct qmp *qmp, struct error *err);
/*
 * Runs a command and waits for its reply. Takes over `arguments`, which may be NULL. The result
 * belongs to the caller; ret_result may be NULL.
 */
int qmp_command(struct qmp *qmp, const char *command, json_t *arguments, json_t **ret_result,
	struct error *err);
/* Hands QEMU a descriptor under a name, for uses such as "fd:NAME". */
int qmp_give(struct qmp *qmp, const char *name, int fd, struct error *err);
/* Handles the events that have come, without waiting. */
int qmp_receive(struct qmp *qmp, struct error *err);
void qmp_release(struct qmp *qmp);
