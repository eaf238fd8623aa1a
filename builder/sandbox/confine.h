/* What a program in the guest root may do: few capabilities, no fsync, no way to the kernel's
 * global state. */
#pragma once

#include "sandbox/sandbox.h"

/* Confines this process and all that it will execute. Last thing before exec. */
int confine(enum sandbox_mode mode, struct error *err);
