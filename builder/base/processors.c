#include "processors.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "file.h"
#include "size.h"

unsigned processors_usable(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) ? 1 : CPU_COUNT(&set);
}

uint64_t memory_available(void)
{
	static const char key[] = "MemAvailable:";
	cleanup_buffer struct buffer text = {0};
	struct error ignored = {0};
	uint64_t kib = 0;

	if (file_read(AT_FDCWD, "/proc/meminfo", 64 * KIB, &text, &ignored)) {
		error_release(&ignored);
		return 0;
	}
	const char *line = strstr(text.data, key);
	if (line)
		sscanf(line + strlen(key), "%" SCNu64, &kib);
	return kib * KIB;
}
