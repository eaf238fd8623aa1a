/* The tiny guest of the KVM probe: what a processor of this host's architecture must be able to
 * run. */
#pragma once

#include "base/error.h"

/*
 * Runs the guest on a new processor of the virtual machine `vm`; `kvm` is /dev/kvm. 0 when it ran
 * to its end at the speed of hardware; the error says what KVM could not do. May hang: call it in a
 * process that somebody else ends.
 */
int kvm_guest_run(int kvm, int vm, struct error *err);
