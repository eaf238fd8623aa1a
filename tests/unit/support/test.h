/* What every unit test includes: cmocka, and assertions on the error convention. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/memory.h"

/* The call gives 0; otherwise its error is shown. `err` is a zeroed struct error. */
#define assert_ok(call, err)                                \
	do {                                                \
		if ((call) != 0)                            \
			fail_msg("%s", (err)->message);     \
		assert_ptr_equal((err)->message, NULL);     \
		assert_int_equal((err)->status, STATUS_OK); \
	} while (0)

/* The call gives -1 with this status and a message that holds `text`; the error is released. */
#define assert_fails(call, err, expected_status, text)                                          \
	do {                                                                                    \
		assert_int_equal((call), -1);                                                   \
		assert_non_null((err)->message);                                                \
		if (!strstr((err)->message, text))                                              \
			fail_msg("\"%s\" is not in: %s", (const char *)(text), (err)->message); \
		assert_int_equal((err)->status, expected_status);                               \
		error_release(err);                                                             \
	} while (0)

#define assert_contains(text, part)                                                  \
	do {                                                                         \
		if (!strstr(text, part))                                             \
			fail_msg("'%s' is not in:\n%s", (const char *)(part), text); \
	} while (0)

/* Group fixtures: the working directory is a private one, removed afterwards. */
int enter_scratch(void **state);
int leave_scratch(void **state);
