#include "analysis.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/* The units in which systemd writes time (format_timespan()), in milliseconds. */
static const struct {
	const char *name;
	double milliseconds;
} units[] = {{"ms", 1}, {"us", 0.001}, {"s", 1000}, {"min", 60 * 1000}, {"h", 60 * 60 * 1000}};

static bool parse_span(const char *word, double *milliseconds)
{
	char *end;
	double number = strtod(word, &end);

	for (size_t i = 0; end != word && i < array_count(units); i++)
		if (!strcmp(end, units[i].name)) {
			*milliseconds += number * units[i].milliseconds;
			return true;
		}
	return false;
}

bool analysis_parse_blame(const char *line, const char **ret_name, uint64_t *ret_milliseconds)
{
	cleanup_free char *copy = xstrdup(line);
	const char *name = strrchr(line, ' ');
	double milliseconds = 0;

	if (!name || !name[1])
		return false;
	copy[name - line] = '\0';
	for (char *rest = copy, *word; (word = strsep(&rest, " "));)
		if (*word && !parse_span(word, &milliseconds))
			return false;
	*ret_name = name + 1;
	*ret_milliseconds = milliseconds + 0.5;
	return true;
}

static void read_blame(char *text, struct boot_analysis *analysis)
{
	const char *name;
	uint64_t milliseconds;

	for (char *rest = text, *line; (line = strsep(&rest, "\n"));)
		if (analysis_parse_blame(line, &name, &milliseconds))
			vector_push(&analysis->units,
				((struct unit_time){xstrdup(name), milliseconds}));
}

/* Not subject_run(): that a guest cannot tell is no failure. */
static int ask(struct subject *subject, const char *command, struct agent_reply *ret_reply,
	struct error *err)
{
	enum { LIMIT = 60 * 1000 };
	cleanup_free char *line = xasprintf("systemd-analyze --no-pager %s 2>/dev/null", command);

	return agent_run(&subject->agent, line, LIMIT, ret_reply, err);
}

int analysis_make(struct subject *subject, struct boot_analysis *ret_analysis, struct error *err)
{
	cleanup_reply struct agent_reply blame = {0}, chain = {0};

	if (ask(subject, "blame", &blame, err))
		return -1;
	if (blame.status)
		return 0;
	if (ask(subject, "critical-chain", &chain, err))
		return -1;
	read_blame(blame.output.data, ret_analysis);
	if (!chain.status)
		ret_analysis->critical_chain = xstrdup(chain.output.data);
	return 0;
}

void analysis_release(struct boot_analysis *analysis)
{
	vector_for_each (unit, &analysis->units)
		free(unit->name);
	vector_release(&analysis->units);
	free(analysis->critical_chain);
	*analysis = (struct boot_analysis){0};
}
