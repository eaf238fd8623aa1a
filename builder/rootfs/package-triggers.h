/*
 * dpkg's triggers (deb-triggers(5), dpkg's doc/triggers.txt): what packages are interested in, and
 * what unpacking activated for packages that are configured already. dpkg acts on it when it
 * configures.
 */
#pragma once

#include "unpack.h"

/* Brings triggers/ of the database up to date with the packages just unpacked. */
int triggers_write(struct unpack *unpack, int database, struct error *err);
