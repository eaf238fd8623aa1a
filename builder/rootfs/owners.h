/*
 * The .owners file of an overlay: who owns what it brings, where that is not root, and modes that
 * git does not keep. One path a line, `#` begins a comment:
 *
 *     etc/app/secret   root:app   0640
 *     var/lib/app      app:app
 *
 * Names are those of the guest's /etc/passwd and /etc/group; numbers will do.
 */
#pragma once

#include "base/error.h"

/* Obeys the file at `path` (a missing one is fine) in the guest root. Errors have STATUS_RECIPE and
 * the line. */
int owners_apply(const char *path, int root, struct error *err);
