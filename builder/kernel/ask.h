/* What a recipe asks of a kernel that is built: for what, and its configuration, line by line. */
#pragma once

#include "kernel/build.h"
#include "platform.h"

/* Fills in target, image, asked and patches, which architecture and source decide too; strings in
 * the arena. Errors are those of kernel/config.h, and platforms that no one kernel runs on. */
int kernel_ask(const struct recipe *recipe, const struct platform *const *wanted,
	struct kernel_build *build, struct arena *arena, struct error *err);
/* The errors that show before the source is known. */
int kernel_ask_check(
	const struct recipe *recipe, const struct architecture *architecture, struct error *err);
