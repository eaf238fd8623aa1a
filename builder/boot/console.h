/*
 * What a guest's console said, as plain text: without carriage returns, escape sequences and other
 * control characters. Watches for the kernel's last words and for how far the boot has come.
 */
#pragma once

#include "base/text.h"

enum { CONSOLE_LIMIT = 16 * 1024 * 1024 };

/* How far a guest has come, by what its console showed. */
enum boot_phase { PHASE_FIRMWARE, PHASE_LOADER, PHASE_KERNEL, PHASE_USERSPACE };

struct console {
	struct buffer text; /* at most CONSOLE_LIMIT bytes; what comes later is dropped */
	size_t scanned;     /* bytes of complete lines that were looked at */
	int escape;         /* inside an escape sequence: see console.c */
	enum boot_phase phase;
	char *panic;      /* the line with which the kernel gave up; NULL; owned */
	size_t panic_end; /* where it ends in the text */
	char *oops;       /* the first line of a kernel fault it survived; NULL; owned */
};

void console_feed(struct console *console, const char *data, size_t length);
void console_release(struct console *console);

bool console_contains(const struct console *console, const char *text);
/* The last lines with something on them, each indented on a line of its own; owned by the caller.
 */
char *console_tail(const struct console *console, size_t lines);
/* The same up to the kernel's panic, without the trace of calls behind it. */
char *console_panic_tail(const struct console *console, size_t lines);
const char *boot_phase_name(enum boot_phase phase); /* "firmware", "boot loader", ... */
