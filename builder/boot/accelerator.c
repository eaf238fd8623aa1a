#include "accelerator.h"

#include <stdio.h>

const char *const accelerator_names[ACCELERATORS] = {
	[ACCELERATOR_AUTO] = "auto",
	[ACCELERATOR_KVM] = "kvm",
	[ACCELERATOR_TCG] = "tcg",
};

void accelerator_choose(enum accelerator wanted, const struct architecture *guest,
	struct accelerator_choice *ret_choice)
{
	struct accelerator_choice choice = {.kvm = wanted == ACCELERATOR_KVM};
	struct kvm_probe probe = {.reason = "the guest's architecture is not the host's"};

	if (wanted != ACCELERATOR_AUTO) {
		snprintf(choice.text, sizeof(choice.text), "%s (asked for)",
			accelerator_names[wanted]);
		*ret_choice = choice;
		return;
	}
	if (guest == architecture_native())
		kvm_probe(&probe);
	choice.kvm = probe.usable;
	if (probe.usable)
		snprintf(choice.text, sizeof(choice.text), "kvm (probed: usable)");
	else
		snprintf(choice.text, sizeof(choice.text), "tcg (no KVM: %s)", probe.reason);
	*ret_choice = choice;
}
