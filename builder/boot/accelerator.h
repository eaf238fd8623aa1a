/* Which accelerator a guest gets, and why. */
#pragma once

#include "boot.h"

struct accelerator_choice {
	bool kvm;       /* else TCG */
	char text[200]; /* "tcg (no KVM: emulated: ...)" */
};

/* AUTO probes KVM; the others are taken at their word. */
void accelerator_choose(enum accelerator wanted, const struct architecture *guest,
	struct accelerator_choice *ret_choice);
