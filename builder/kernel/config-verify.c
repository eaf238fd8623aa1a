/* What Kconfig made of a configuration, against what was asked of it. */
#include <string.h>

#include "config-line.h"
#include "config.h"
#include "kconfig-expression.h"
#include "kconfig.h"

struct comparison {
	const struct kernel_config *final;
	const struct kernel_target *target;
	int source;
	bool read; /* whether kconfig has been */
	struct kconfig kconfig;
	struct buffer problems; /* a line each */
};

static void comparison_release(struct comparison *comparison)
{
	kconfig_release(&comparison->kconfig);
	buffer_release(&comparison->problems);
}

/* Appends who could switch a symbol on, or, if `active`, who did; at most a few. */
static unsigned list_selectors(
	struct comparison *comparison, const char *symbol, bool active, struct buffer *out)
{
	enum { MOST = 3 };
	unsigned count = 0;

	vector_for_each (select, &comparison->kconfig.selects) {
		bool on = strcmp(kernel_config_value(comparison->final, select->by), "n");
		if (strcmp(select->symbol, symbol) || (active && !on) || count == MOST)
			continue;
		buffer_printf(out, "%s%s", count++ ? ", " : "", select->by);
	}
	return count;
}

/* It was not to be on. */
static void explain_on(
	struct comparison *comparison, const struct config_line *line, struct buffer *out)
{
	cleanup_buffer struct buffer selectors = {0};

	if (list_selectors(comparison, line->symbol, true, &selectors))
		buffer_printf(out, "is on all the same: it is selected by %s", selectors.data);
	else
		buffer_text(out, "is on all the same: Kconfig's default, not to be changed here");
}

/* Appends the symbol of its choice that was taken. */
static void explain_choice(
	struct comparison *comparison, const struct kconfig_entry *entry, struct buffer *out)
{
	buffer_text(out, "is one of a choice");
	vector_for_each (other, &comparison->kconfig.entries)
		if (other->choice == entry->choice && other != entry &&
			!strcmp(kernel_config_value(comparison->final, other->symbol), "y"))
			buffer_printf(out, ", and %s was taken", other->symbol);
}

static void explain_off(struct comparison *comparison, const struct config_line *line,
	const struct kconfig_entry *entry, struct buffer *out)
{
	cleanup_buffer struct buffer reasons = {0}, selectors = {0};
	enum tristate wanted = strcmp(line->value, "m") ? TRISTATE_YES : TRISTATE_MODULE;

	for (const struct kconfig_condition *at = entry->conditions; at; at = at->outer)
		kconfig_explain(at->expression, comparison->final, wanted, &reasons);
	buffer_text(out, "was dropped: ");
	if (entry->prompt)
		buffer_printf(out, "\"%s\" ", entry->prompt);
	if (reasons.length)
		buffer_printf(out, "depends on %s", reasons.data);
	else if (!entry->prompt && list_selectors(comparison, line->symbol, false, &selectors))
		buffer_printf(
			out, "it only comes with what selects it, such as %s", selectors.data);
	else if (!entry->prompt)
		buffer_text(out, "it cannot be asked for, Kconfig decides it");
	else if (entry->choice)
		explain_choice(comparison, entry, out);
	else
		buffer_printf(out, "is %s", kernel_config_value(comparison->final, line->symbol));
}

static void explain(
	struct comparison *comparison, const struct config_line *line, struct buffer *out)
{
	const struct kconfig_entry *entry = kconfig_find(&comparison->kconfig, line->symbol);
	bool turned_off = !strcmp(kernel_config_value(comparison->final, line->symbol), "n");

	if (!entry) {
		const char *nearest = kconfig_nearest(&comparison->kconfig, line->symbol);
		buffer_printf(out, "no symbol of Linux %s is called that%s%s",
			comparison->target->version, nearest ? "; did you mean CONFIG_" : "",
			nearest ? nearest : "");
	} else if (!strcmp(line->value, "n")) {
		explain_on(comparison, line, out);
	} else if (turned_off || tristate_of(line->value)) {
		explain_off(comparison, line, entry, out);
	} else {
		buffer_printf(out, "became %s: \"%s\" does not take that value",
			kernel_config_value(comparison->final, line->symbol),
			entry->prompt ? entry->prompt : line->symbol);
	}
}

static int compare(struct comparison *comparison, const struct config_line *line, struct error *err)
{
	struct buffer *problems = &comparison->problems;

	if (!strcmp(kernel_config_value(comparison->final, line->symbol), line->value))
		return 0;
	if (!comparison->read && kconfig_read(comparison->source, comparison->target->kernel_arch,
					 &comparison->kconfig, err))
		return -1;
	comparison->read = true;
	const struct kconfig_entry *entry = kconfig_find(&comparison->kconfig, line->symbol);
	if (comparison->target->complete && entry && !entry->prompt)
		return 0;
	buffer_text(problems, problems->length ? "\n" : "");
	if (line->at.file)
		buffer_printf(
			problems, "%s:%u:%u: ", line->at.file, line->at.line, line->at.column);
	buffer_printf(problems, "CONFIG_%s=%s ", line->symbol, line->value);
	explain(comparison, line, problems);
	return 0;
}

int kernel_config_verify(const struct kernel_config *asked, const struct kernel_config *final,
	const struct kernel_target *target, int source, struct error *err)
{
	cleanup(comparison_release) struct comparison comparison = {
		.final = final, .target = target, .source = source};

	vector_for_each (line, &asked->lines)
		if (compare(&comparison, line, err))
			return -1;
	for (const struct kernel_forbidden *at = kernel_forbidden; at->symbol; at++)
		if (compare(&comparison, &(struct config_line){.symbol = at->symbol, .value = "n"},
			    err))
			return -1;
	if (comparison.problems.length)
		return error_set(err, STATUS_RECIPE, "%s", comparison.problems.data);
	return 0;
}
