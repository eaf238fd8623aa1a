/*
 * Changes of a kernel's source that fragments bring along: with kernel-configs/NAME.config those of
 * NAME.patch, in the form that patch(1) takes with -p1. What stands before the first "---" is its
 * head, where a line "# since VERSION" or "# before VERSION" says which kernels it is for. As with
 * fragments there may be NAME-KERNELARCH.patch and NAME-ARCHITECTURE.patch too.
 */
#pragma once

#include "kernel/config.h"

/* Appends those of the fragments, in their order. STATUS_RECIPE for one that is no patch. */
int kernel_patches(const struct word_list *fragments, const struct kernel_target *target,
	struct buffer *patches, struct error *err);
