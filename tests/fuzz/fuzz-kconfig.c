/* Kernel configurations and Kconfig files: what they say is evaluated, whatever it is. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "kernel/config.h"
#include "kernel/kconfig-expression.h"
#include "kernel/kconfig.h"

static void explain(const struct kconfig *kconfig, const struct kernel_config *config)
{
	cleanup_buffer struct buffer reasons = {0};

	vector_for_each (entry, &kconfig->entries) {
		if (!kconfig_find(kconfig, entry->symbol))
			abort();
		for (const struct kconfig_condition *at = entry->conditions; at; at = at->outer) {
			reasons.length = 0;
			kconfig_explain(at->expression, config, TRISTATE_YES, &reasons);
			bool off = kconfig_evaluate(at->expression, config) < TRISTATE_YES;
			if (off != (reasons.length > 0))
				abort();
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buffer text = {(char *)data, size, size};
	cleanup_config struct kernel_config config = {0}, again = {0};
	cleanup_kconfig struct kconfig kconfig;
	struct error err = {0};

	kconfig_parse(&text, &kconfig);
	if (kernel_config_parse("config", &text, &config, &err)) {
		if (!err.message)
			abort();
		error_release(&err);
	} else {
		cleanup_free char *first = kernel_config_text(&config);
		struct buffer canonical = {first, strlen(first), 0};
		if (kernel_config_parse("again", &canonical, &again, &err))
			abort();
		cleanup_free char *second = kernel_config_text(&again);
		if (strcmp(first, second))
			abort();
	}
	explain(&kconfig, &config);
	return 0;
}
