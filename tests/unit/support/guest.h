/* A small guest root for tests of the sandbox: busybox, and the test program itself as /test. */
#pragma once

#include "sandbox/sandbox.h"

/* Makes it as ./guest. */
void guest_make(void);
/* The modes that the caller may use: all of root's, or the unprivileged one. */
size_t guest_modes(const enum sandbox_mode **ret_modes);
/* Enters the mode and runs it in ./guest; its output is appended to ./output. */
int guest_run(struct sandbox_run run, struct error *err);
/* The same for a shell command. */
int guest_shell(enum sandbox_mode mode, const char *command, struct error *err);
/* What ./output holds, which it removes; owned by the caller. */
char *guest_output(void);
/* The host's mounts as this process sees them; owned by the caller. */
char *host_mounts(void);
/* Waits a moment and says whether something in ./guest still touches the file. */
bool guest_touches(const char *file);

/* Shell words that leave a process behind which touches /FILE again and again. */
#define LEAVE_TOUCHING(file) "while :; do echo >/" file "; sleep 0.02; done </dev/null &"
