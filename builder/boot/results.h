/* What the writers of results share; the writers themselves are in boot.h. */
#pragma once

#include "base/text.h"
#include "boot.h"

const char *check_outcome_name(enum check_outcome outcome); /* "passed", "failed", "skipped" */
const char *verdict_status_name(enum status status);        /* "passed", "timed out", ... */

/* How many of a verdict's results have that outcome. */
size_t verdict_count(const struct verdict *verdict, enum check_outcome outcome);

/* Shows a boot that has ended as a line of progress: "passed: 12 of 12 checks, ready in 9.1 s". */
void verdict_show(const struct verdict *verdict);
