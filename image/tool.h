/* Programs that help to make images. They see a fixed environment, so that what they write depends
 * on their arguments only. */
#pragma once

#include <stdint.h>

#include "base/error.h"

struct tool {
	const char *package; /* the Debian package that has it, for the error when it is missing */
	uint64_t epoch;      /* the time it takes it to be, where it can be told so */
	int pass_fd;         /* a descriptor that it keeps under the same number; 0: none */
};

/* `arguments` ends with NULL; the first is the program's name. */
int tool_run(const struct tool *tool, const char *const *arguments, struct error *err);
