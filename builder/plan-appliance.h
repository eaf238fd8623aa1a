/* What bundles need of a plan, and what they are told of the appliance. */
#pragma once

#include "plan.h"

/* Whether all bundles among the artefacts have what they need: files beside them, a kernel, the
 * hardware of a platform. */
int plan_check_bundles(const struct plan *plan, struct error *err);

/* Everything but the certificate; its strings are the plan's, its arrays in the arena. */
int plan_appliance(const struct plan *plan, const struct plan_artefact *artefact,
	struct arena *arena, struct appliance *ret_appliance, struct error *err);
