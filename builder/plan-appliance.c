/* What bundles are told of an appliance: from the recipe, and the rows of its platforms. */
#include "plan.h"

struct appliance plan_appliance(const struct plan *plan)
{
	const struct recipe *recipe = plan->recipe;

	return (struct appliance){
		.name = plan->name,
		.product = recipe->name.text,
		.version = recipe->version.text,
		.summary = recipe->summary.text,
		.architecture = plan->architecture->name,
		.memory = recipe->test.memory,
		.processors = recipe->test.processors,
	};
}
