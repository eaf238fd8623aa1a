/* Checks on what is in the guest: packages, kernel modules, files. */
#include <string.h>

#include "base/cleanup.h"
#include "check.h"

/* A kind of thing, and the agent's verb that looks for it. */
struct looked_for {
	const char *noun, *verb;
	const struct word_list *names;
};

/* 'text' for the guest's shell. */
static void append_quoted(struct buffer *command, const char *text)
{
	buffer_text(command, " '");
	for (; *text; text++) {
		if (*text == '\'')
			buffer_text(command, "'\\''");
		else
			buffer_append(command, text, 1);
	}
	buffer_text(command, "'");
}

/* The kernel calls the module of snd-pcm.ko snd_pcm; the agent knows only such names. */
static char *module_name(const char *name)
{
	char *module = xstrdup(name);

	for (char *at = module; *at; at++)
		if (*at == '-')
			*at = '_';
	return module;
}

static char *find_command(const struct looked_for *looked_for)
{
	struct buffer command = {0};

	buffer_printf(&command, AGENT_COMMAND " %s", looked_for->verb);
	vector_for_each (name, looked_for->names) {
		cleanup_free char *text = strcmp(looked_for->verb, "modules")
						  ? xstrdup(name->text)
						  : module_name(name->text);
		append_quoted(&command, text);
	}
	return command.data;
}

/* Appends to `wrong` each name that is there and should not be, or the other way round. */
static int compare(struct subject *subject, const struct looked_for *looked_for, bool present,
	struct buffer *wrong, struct error *err)
{
	cleanup_reply struct agent_reply reply = {0};
	cleanup_free char *command = find_command(looked_for);

	if (!looked_for->names->count)
		return 0;
	if (subject_run(subject, command, &reply, err))
		return -1;
	char *rest = reply.output.data;
	vector_for_each (name, looked_for->names) {
		const char *found = strsep(&rest, "\n");
		if (!found || !rest)
			return error_set(err, STATUS_CHECK, "the agent's answer is cut short");
		if (present && !*found)
			buffer_printf(wrong, "%s%s %s is not there", wrong->length ? "\n" : "",
				looked_for->noun, name->text);
		if (!present && *found)
			buffer_printf(wrong, "%s%s %s is there: %s", wrong->length ? "\n" : "",
				looked_for->noun, name->text, found);
	}
	return 0;
}

static int compare_all(
	struct subject *subject, const struct recipe_check *check, bool present, struct error *err)
{
	const struct looked_for kinds[] = {
		{"package", "packages", &check->packages},
		{"module", "modules", &check->modules},
		{"file", "files", &check->files},
	};
	cleanup_buffer struct buffer wrong = {0};

	for (size_t i = 0; i < array_count(kinds); i++)
		if (compare(subject, &kinds[i], present, &wrong, err))
			return -1;
	return wrong.length ? error_set(err, STATUS_CHECK, "%s", wrong.data) : 0;
}

int check_absent(struct subject *subject, const struct recipe_check *check, struct error *err)
{
	return compare_all(subject, check, false, err);
}

int check_present(struct subject *subject, const struct recipe_check *check, struct error *err)
{
	return compare_all(subject, check, true, err);
}
