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
/* Once the root is whole, before hooks look at it: moves that stanza into the status file. ret_name
 * is the package's name, owned by the caller; NULL: there was no stanza. */
int kernel_enrol(const char *root, char **ret_name, struct error *err);
/* At the end: takes off the package's files what has left the root since. Nothing for a package
 * that a hook has removed. */
int kernel_registered(const char *root, const char *name, struct error *err);
