/* The command line of the guest's kernel: the same by every way it is booted. */
#pragma once

#include "architecture.h"
#include "image/uuid.h"
#include "platform.h"
#include "recipe/recipe.h"

/*
 * The root by its partition's id, which the kernel finds without an initramfs; the consoles of the
 * platforms (NULL-terminated), on which the kernel says nothing below a warning; the recipe's own
 * words last, so that they win. Owned by the caller.
 */
char *kernel_command_line(const struct recipe *recipe, const struct architecture *architecture,
	const struct platform *const *wanted, const struct uuid *root_partition);
