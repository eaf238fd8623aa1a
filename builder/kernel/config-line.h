/* Lines of kernel configurations, see config.h. */
#pragma once

#include "archive/control.h"
#include "config.h"

/* The directories that hold fragments. */
#define FRAGMENTS "kernel-configs"

enum config_line_kind {
	CONFIG_LINE_SAYS_NOTHING, /* blank, a comment, or not for this kernel */
	CONFIG_LINE_SETS,
	CONFIG_LINE_WRONG,
};

/* Without a target, lines have no marks. Only on CONFIG_LINE_SETS is ret_line written, except its
 * position. */
enum config_line_kind config_line_parse(struct span line, const struct kernel_target *target,
	struct arena *arena, struct config_line *ret_line);

/* The mark behind a value: nothing, or "# since VERSION", "# before VERSION",
 * "# on ARCHITECTURE...", "# not on ARCHITECTURE...". False when it is none of these, or when there
 * is no target. */
bool config_mark_parse(struct span mark, const struct kernel_target *target, bool *ret_applies);

/* The files of a fragment that its architecture decides: plain, KERNELARCH, ARCHITECTURE. */
enum { FRAGMENT_VARIANTS = 3 };
/* Where that of a suffix (".config") lies; owned by the caller. NULL: there is none. */
char *fragment_find(const struct word *fragment, const struct kernel_target *target,
	unsigned variant, const char *suffix);

/* What no guest kernel may have: symbols with something that is nobody's in a guest. */
struct kernel_forbidden {
	const char *symbol, *what; /* "SND", "sound" */
};
extern const struct kernel_forbidden kernel_forbidden[]; /* ends with an empty row */
