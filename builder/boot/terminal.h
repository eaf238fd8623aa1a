/*
 * A person at a machine's console: what is typed goes to the guest, what the guest says is shown
 * by the machine, whose log is the standard output. As with QEMU, Ctrl-A X ends the guest and two
 * Ctrl-A are one. The standard input need not be a terminal; its end is not the guest's.
 */
#pragma once

#include "machine.h"

/* Until the guest has ended, or was ended. */
int terminal_serve(struct machine *machine, struct error *err);
