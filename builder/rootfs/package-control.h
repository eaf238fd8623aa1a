/* Control files of packages (deb-control(5)): what the engine reads of them, and dpkg's status. */
#pragma once

#include "unpack.h"

/*
 * Reads what unpacking needs from package->control and refuses what is odd: fields of dpkg's own,
 * more than one stanza, another name, version or architecture than the index promised.
 */
int control_check(struct unpacked *package, struct error *err);

/* Whether its Replaces names that package, in that version. */
bool control_replaces(const struct unpacked *package, const char *name, const char *version);

/*
 * The stanza that dpkg's status file has for a package that is unpacked, with the empty line. Where
 * dpkg knows of the index (as it does of a root's first packages, from debootstrap), priority and
 * section are the archive's to decide.
 */
void control_status(struct unpacked *package, bool knows_index, struct buffer *text);
