/*
 * dpkg's database (dpkg(1), deb-triggers(5)) as dpkg leaves it when packages are unpacked and none
 * is configured: status, info/, triggers/. `dpkg --configure -a` takes it from there.
 */
#pragma once

#include "unpack.h"

int package_database_write(struct unpack *unpack, int root, struct error *err);

/* "libc6:amd64" for Multi-Arch: same, else "apt": how dpkg names a package's files; owned by the
 * caller. */
char *package_database_name(const struct unpacked *package);
