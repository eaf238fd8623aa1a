/* What a recipe asks of a kernel that is built: its configuration, line by line. */
#pragma once

#include "kernel/build.h"
#include "platform.h"

/* Fills in build->asked and build->complete, which the target and the source decide too. Errors are
 * those of kernel/config.h. */
int kernel_ask(const struct recipe *recipe, const struct platform *const *wanted,
	struct kernel_build *build, struct error *err);
/* The errors that show before the source is known. */
int kernel_ask_check(
	const struct recipe *recipe, const struct architecture *target, struct error *err);
