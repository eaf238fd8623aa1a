/*
 * Foreign programs: those of an architecture that is not this host's. Where the host does not run
 * them already (its processor does, or an emulator is registered for all), QEMU's user mode is
 * registered for them with the kernel's binfmt_misc: in a user namespace of the build's own, as
 * Linux 6.7 and later allow it, else, by root, on the host for the time of the build. Source:
 * Documentation/admin-guide/binfmt-misc.rst of Linux.
 */
#pragma once

#include "architecture.h"
#include "sandbox/sandbox.h"

/* Zero-initialized holds nothing. */
struct foreign {
	int binfmt;  /* the mounted binfmt_misc; 0: none; owned */
	char *entry; /* ours in it; owned */
};

/* The mode to build in for the architecture, given the usual one: the same, or SANDBOX_USER even
 * for root. STATUS_MISSING when its programs can run in none. */
int foreign_mode(
	const struct architecture *architecture, enum sandbox_mode *mode, struct error *err);

/* Inside a mode that foreign_mode() gave: from now on the architecture's programs run, until
 * foreign_release(). Builds side by side have an entry each. */
int foreign_enable(
	const struct architecture *architecture, struct foreign *ret_foreign, struct error *err);
void foreign_release(struct foreign *foreign);
#define cleanup_foreign cleanup(foreign_release)
