/* What no guest kernel may have, and what platforms cannot do without. */
#include <string.h>

#include "config-line.h"

const struct kernel_forbidden kernel_forbidden[] = {
	{"WLAN", "wireless"},
	{"CFG80211", "wireless"},
	{"MAC80211", "wireless"},
	{"RFKILL", "wireless"},
	{"NFC", "wireless"},
	{"BT", "Bluetooth"},
	{"SOUND", "sound"},
	{"SND", "sound"},
	{"PCCARD", "PCMCIA"},
	{"PCMCIA", "PCMCIA"},
	{"USB", "USB"},
	{"USB_SUPPORT", "USB"},
	{"TYPEC", "USB"},
	{"DRM", "graphics beyond a console"},
	{"AGP", "graphics beyond a console"},
	{"MEDIA_SUPPORT", "cameras and tuners"},
	{0},
};

int kernel_config_check_allowed(const struct kernel_config *config, struct error *err)
{
	cleanup_buffer struct buffer problems = {0};

	vector_for_each (line, &config->lines)
		for (const struct kernel_forbidden *at = kernel_forbidden; at->symbol; at++)
			if (!strcmp(at->symbol, line->symbol) && strcmp(line->value, "n"))
				buffer_printf(&problems,
					"%s%s:%u:%u: CONFIG_%s=%s: no guest has %s",
					problems.length ? "\n" : "", line->at.file, line->at.line,
					line->at.column, line->symbol, line->value, at->what);
	if (problems.length)
		return error_set(err, STATUS_RECIPE, "%s", problems.data);
	return 0;
}

/* Where there is no PCI, no kernel has symbols of it. */
static bool can_have(const char *symbol, const struct architecture *architecture)
{
	return !(architecture->no_pci && text_ends(symbol, "_PCI"));
}

int kernel_config_check_platforms(const struct kernel_config *config, const char *kernel,
	const struct platform *const *wanted, const struct architecture *architecture, bool modules,
	struct error *err)
{
	cleanup_buffer struct buffer problems = {0};

	for (; *wanted; wanted++) {
		const char *const *symbol = (*wanted)->symbols;
		unsigned missing = 0;
		for (; symbol && *symbol; symbol++) {
			const char *value = kernel_config_value(config, *symbol);
			if (!strcmp(value, "y") || (modules && !strcmp(value, "m")) ||
				!can_have(*symbol, architecture))
				continue;
			if (!missing++)
				buffer_printf(&problems, "%splatform %s: %s lacks ",
					problems.length ? "\n" : "", (*wanted)->name, kernel);
			buffer_printf(&problems, "%sCONFIG_%s", missing > 1 ? ", " : "", *symbol);
		}
	}
	if (problems.length)
		return error_set(err, STATUS_RECIPE, "%s", problems.data);
	return 0;
}
