/* Where the time of a boot went. */
#pragma once

#include "subject.h"

/* Divides the `total` of a guest that is ready now, by what it tells. */
int timing_measure(struct subject *subject, struct boot_timing *timing, struct error *err);

/*
 * `uptime` is the age of the guest's kernel when it was ready, `init` its age when it started
 * /sbin/init, 0 for unknown. Clocks that contradict each other divide nothing.
 */
void timing_divide(struct boot_timing *timing, uint64_t uptime, uint64_t init);
