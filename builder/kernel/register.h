/*
 * A kernel in dpkg's database, as if dpkg had installed it: `dpkg -l` lists it, `dpkg --verify`
 * finds it whole. Only for packages that depend on no other: jeos itself does what a kernel of the
 * distribution asks of others (modules, initramfs, boot loader), so that these stay unknown to
 * dpkg.
 */
#pragma once

#include "base/text.h"

/*
 * Adds what it can without the database: the package's files in info/, and its stanza beside the
 * status file. `paths` are the files that were installed below `root`; they get sorted.
 */
int kernel_register(const char *deb, struct words *paths, int root, struct error *err);
/* Once the root is whole: moves that stanza, if there is one, into the status file, and takes off
 * the package's files what has left the root since. */
int kernel_registered(const char *root, struct error *err);
