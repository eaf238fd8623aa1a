/* A guest under test: the overlay it boots, the machine that runs it, the agent in it. */
#pragma once

#include "agent.h"
#include "overlay.h"

struct subject {
	const struct boot_options *options; /* borrowed */
	struct machine_facts facts;
	struct overlay overlay;
	struct kernel_files kernel; /* for a direct boot */
	char *script;               /* for a guest that fetches the agent; owned; may be NULL */
	struct machine *machine;    /* owned; NULL until it is on */
	struct agent agent;
	struct agent_hello hello;
	char *remark; /* what a check found out beside that it passed; owned */
};

/* Makes all that the guest needs in the work directory, and chooses the accelerator. */
int subject_prepare(struct subject *subject, struct error *err);
/* Starts it; its console goes to the file `log`. STATUS_EMULATOR when the emulator would not. */
int subject_power_on(struct subject *subject, const char *log, struct error *err);
/*
 * Waits until it is up. If it does not get there, the status says how it ended (STATUS_TIMEOUT,
 * STATUS_PANIC, STATUS_EMULATOR; STATUS_CHECK when it turned itself off), and the message where it
 * stood and what its console said last.
 */
int subject_wait_ready(struct subject *subject, struct error *err);
/* Runs a command of ours in the guest, whose failure is a failed check. */
int subject_run(struct subject *subject, const char *command, struct agent_reply *ret_reply,
	struct error *err);
/* What the end of its machine means for the test: STATUS_OK, STATUS_PANIC or STATUS_EMULATOR. */
enum status subject_status(const struct subject *subject);
void subject_release(struct subject *subject);
#define cleanup_subject cleanup(subject_release)
