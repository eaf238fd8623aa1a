/* The command line of the guest's kernel: the same by every way it is booted. */
#pragma once

#include "architecture.h"
#include "image/layout.h"
#include "platform.h"
#include "recipe/recipe.h"

/* Stands for the table of dm-verity until the root is made, whose hash is in it. */
#define VERITY_UNKNOWN "<verity>"

/*
 * The root by its partition's id, which the kernel finds without an initramfs, or by the device
 * that checks it, which the kernel makes; the consoles of the platforms (NULL-terminated), on which
 * the kernel says nothing below a warning; the recipe's own words last, so that they win. Owned by
 * the caller.
 */
char *kernel_command_line(const struct recipe *recipe, const struct architecture *architecture,
	const struct platform *const *wanted, const struct image_layout *layout);
/* The line with the table; owned by the caller. */
char *kernel_command_line_complete(const char *line, const char *verity_table);
