/*
 * Interrupts: SIGINT, SIGTERM and SIGHUP ask the program to stop; every long loop and wait asks
 * interrupt_check() and returns its error, so that cleanup runs on the ordinary way out.
 */
#pragma once

#include <stdbool.h>

#include "error.h"

/* Installs the handlers, without SA_RESTART: blocking calls return EINTR. */
void interrupt_install(void);
bool interrupt_pending(void);
/* The number of the signal that came, 0 when none did. */
int interrupt_signal(void);
/* 0, or -1 with STATUS_INTERRUPTED. */
int interrupt_check(struct error *err);
/* In a child after fork: default actions and an empty mask again. */
void interrupt_reset(void);
