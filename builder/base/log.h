/*
 * What jeos says while it works: progress of stages, notes and warnings, all on stderr, so that
 * stdout stays the command's result. On a terminal one line moves per running stage; elsewhere
 * plain lines; with --json one JSON object a line: {"event": ..., ...}.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "error.h"

enum log_form { LOG_PLAIN, LOG_TERMINAL, LOG_JSON };

/* Called once, by main.c. */
void log_setup(enum log_form form, bool quiet);
enum log_form log_form(void);

void log_note(const char *format, ...) printf_like(1, 2);
void log_warning(const char *format, ...) printf_like(1, 2);

/* For main.c alone: the error that ends the program. */
void log_error(const struct error *err);

/* A piece of long work, shown by name, with how far it is and how long it took. One at a time. */
void progress_begin(const char *name);
/* `detail` says what is being done now (a package, a file); total 0 when unknown. Cheap to call
 * often. */
void progress_step(const char *detail, uint64_t done, uint64_t total);
/* Ends it with one line: the name, the result ("132 packages, 69 MiB"; may be NULL), the seconds.
 */
void progress_end(const char *result);
/* One line like that about work that was shown within other work. */
void progress_line(const char *name, double seconds, const char *result);
/* Ends it without a result line, after an error. */
void progress_abandon(void);
