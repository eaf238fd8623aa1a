/* Leftover processes: those that outlive the program that started them. */
#pragma once

/* From now on this process inherits what its descendants leave behind. */
void sweep_prepare(void);
/* Kills and reaps all of this process's descendants. Needs the host's /proc. */
void sweep(void);
