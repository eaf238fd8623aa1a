/* The time stamp counter of this host's processors, which a guest without KVM sees as its own. */
#pragma once

/* How often it counts, in kHz; 0: there is none. Takes some milliseconds. */
unsigned tsc_khz(void);
