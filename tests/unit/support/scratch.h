/* What the tests of disks share: a scratch directory, and programs that judge what we wrote. */
#pragma once

#include <stdbool.h>

#include "base/file.h"

/* A group's setup and teardown: the state is a struct work_directory. */
int scratch_setup(void **state);
int scratch_teardown(void **state);
/* DIRECTORY/NAME; owned by the caller. */
char *scratch_path(void *const *state, const char *name);

/* Skips the test, and says so, when the program is not installed. */
void need_program(const char *name);
/* Runs it (a NULL-terminated list of words) and fails the test unless it exits with 0; gives its
 * output, owned by the caller. */
char *run_program(const char *name, ...) __attribute__((sentinel));
/* Fails the test, with the error's message, unless the result is 0. */
void assert_fine(int result, struct error *err);
/* Fails the test unless the result is -1 with a message that holds `part`; releases the error. */
void assert_error(int result, struct error *err, const char *part);
