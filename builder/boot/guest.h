/* A guest under test: the overlay it boots, the machine that runs it, the agent in it. */
#pragma once

#include "agent.h"
#include "kernel-files.h"
#include "overlay.h"

struct guest {
	const struct boot_options *options; /* borrowed */
	struct accelerator_choice accelerator;
	struct overlay overlay;
	struct kernel_files kernel; /* for a direct boot */
	struct machine *machine;    /* owned; NULL until it is on */
	struct agent agent;
	struct agent_hello hello;
};

/* Makes all that the guest needs in the work directory, and chooses the accelerator. */
int guest_prepare(struct guest *guest, struct error *err);
/* Starts it; its console goes to the file `log`. STATUS_EMULATOR when the emulator would not. */
int guest_power_on(struct guest *guest, const char *log, struct error *err);
/*
 * Waits until it is up. If it does not get there, the status says how it ended (STATUS_TIMEOUT,
 * STATUS_PANIC, STATUS_EMULATOR; STATUS_CHECK when it turned itself off), and the message where it
 * stood and what its console said last.
 */
int guest_wait_ready(struct guest *guest, struct error *err);
/* Runs a command of ours in the guest, whose failure is a failed check. */
int guest_run(
	struct guest *guest, const char *command, struct agent_reply *ret_reply, struct error *err);
/* What the end of its machine means for the test: STATUS_OK, STATUS_PANIC or STATUS_EMULATOR. */
enum status guest_status(const struct guest *guest);
void guest_release(struct guest *guest);
#define cleanup_guest cleanup(guest_release)
