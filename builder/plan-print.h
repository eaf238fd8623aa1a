/* Pieces of the plan's two views, text and JSON (plan-print.c, plan-print-kernel.c). */
#pragma once

#include "plan.h"

void plan_print_package(
	struct buffer *text, const struct plan *plan, const struct package *package);
json_t *plan_package_json(const struct package *package);
bool plan_has_layer(const struct plan_layer *layer, const struct store *store);

void plan_print_kernel(struct buffer *text, const struct plan *plan, const struct store *store);
/* null without a kernel; a new reference. */
json_t *plan_kernel_json(const struct plan *plan);
void plan_print_disk(struct buffer *text, const struct plan *plan);
