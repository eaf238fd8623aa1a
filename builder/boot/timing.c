#include "timing.h"

#include <stdlib.h>

#include "base/cleanup.h"

void timing_divide(struct boot_timing *timing, uint64_t uptime, uint64_t init)
{
	if (!init || init > uptime || uptime > timing->total)
		return;
	timing->firmware = timing->total - uptime;
	timing->kernel = init;
	timing->userspace = uptime - init;
}

int timing_measure(struct subject *subject, struct boot_timing *timing, struct error *err)
{
	cleanup_reply struct agent_reply reply = {0};

	if (subject_run(subject, AGENT_COMMAND " init_started", &reply, err))
		return -1;
	timing_divide(timing, subject->hello.uptime, strtoull(reply.output.data, NULL, 10));
	return 0;
}
