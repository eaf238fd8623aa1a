#include <string.h>

#include "base/cleanup.h"
#include "command.h"

const struct command *const commands[] = {
	&command_build,
	&command_test,
	&command_run,
	&command_check,
	&command_plan,
	&command_lock,
	&command_list,
	&command_inspect,
	&command_diff,
	&command_convert,
	&command_kernel,
	&command_cache,
	&command_doctor,
	&command_completion,
	NULL,
};

const struct command_option common_options[] = {
	{"store", 0, "DIR", "keep packages and layers in DIR, not in ~/.cache/jeos"},
	{"offline", 0, NULL, "fetch nothing: what is needed must be in the store"},
	{"json", 0, NULL, "print events and results as JSON, one object a line"},
	{"quiet", 'q', NULL, "print warnings and errors only"},
	{"help", 'h', NULL, "print this help"},
	{"version", 0, NULL, "print the version of jeos"},
	{0},
};

static const struct command *command_find(const char *name)
{
	for (size_t i = 0; commands[i]; i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

static int unknown_command(const char *name, struct error *err)
{
	const char *names[COMMAND_OPTIONS];
	size_t count = 0;

	for (; commands[count]; count++)
		names[count] = commands[count]->name;
	const char *nearest = text_nearest(name, names, count);
	return error_set(err, STATUS_USAGE, "%s: unknown command%s%s%s; `jeos --help` lists them",
		name, nearest ? "; did you mean `" : "", nearest ? nearest : "",
		nearest ? "`?" : "");
}

/* The option that a word of the command line names, by its long name or its letter. */
static const struct command_option *option_find(
	const struct command_option *options, const char *word, size_t length)
{
	for (const struct command_option *option = options; option && option->name; option++) {
		if (word[1] != '-' ? word[1] == option->letter
				   : strlen(option->name) == length - 2 &&
					     !strncmp(option->name, word + 2, length - 2))
			return option;
	}
	return NULL;
}

static int unknown_option(const struct arguments *arguments, const char *word, struct error *err)
{
	const struct command *command = arguments->command;

	return error_set(err, STATUS_USAGE, "%s: unknown option; `jeos %s%s--help` lists them",
		word, command ? command->name : "", command ? " " : "");
}

static void take(struct arguments *arguments, const struct command_option *option, bool common,
	const char *value)
{
	if (!common) {
		arguments->values[option - arguments->command->options] = value;
		return;
	}
	if (!strcmp(option->name, "store"))
		arguments->store = value;
	else if (!strcmp(option->name, "offline"))
		arguments->offline = true;
	else if (!strcmp(option->name, "json"))
		arguments->json = true;
	else if (!strcmp(option->name, "quiet"))
		arguments->quiet = true;
	else if (!strcmp(option->name, "help"))
		arguments->help = true;
	else
		arguments->version = true;
}

/* Takes the option at argv[*at] and, where it has one, its argument. */
static int parse_option(struct arguments *arguments, char *const *argv, int *at, struct error *err)
{
	const char *word = argv[*at], *equals = strchr(word, '=');
	bool is_long = word[1] == '-';
	size_t length = is_long && equals ? (size_t)(equals - word) : strlen(word);
	bool common = false;
	const struct command_option *option = NULL;

	if (arguments->command)
		option = option_find(arguments->command->options, word, length);
	if (!option) {
		option = option_find(common_options, word, length);
		common = true;
	}
	if (!option)
		return unknown_option(arguments, word, err);
	const char *attached = is_long ? (equals ? equals + 1 : NULL) : (word[2] ? word + 2 : NULL);
	if (!option->argument) {
		if (attached)
			return error_set(err, STATUS_USAGE, "%s: --%s takes no argument", word,
				option->name);
		take(arguments, option, common, "");
		return 0;
	}
	const char *value = attached ? attached : argv[++*at];
	if (!value || !*value)
		return error_set(err, STATUS_USAGE, "--%s: its argument %s is missing",
			option->name, option->argument);
	take(arguments, option, common, value);
	return 0;
}

static int check_operands(const struct arguments *arguments, struct error *err)
{
	const struct command *command = arguments->command;

	if (arguments->operands.count < command->operands_min)
		return error_set(err, STATUS_USAGE, "%s: %s is missing; `jeos %s --help` says more",
			command->name, command->operands, command->name);
	if (arguments->operands.count > command->operands_max)
		return error_set(err, STATUS_USAGE, "%s: too many arguments, from `%s` on",
			command->name, arguments->operands.items[command->operands_max]);
	return 0;
}

int arguments_parse(int argc, char *const *argv, struct arguments *ret_arguments, struct error *err)
{
	cleanup_arguments struct arguments arguments = {0};
	bool only_operands = false;

	for (int i = 1; i < argc; i++) {
		const char *word = argv[i];
		if (!only_operands && !strcmp(word, "--")) {
			only_operands = true;
		} else if (!only_operands && word[0] == '-' && word[1]) {
			if (parse_option(&arguments, argv, &i, err))
				return -1;
		} else if (!arguments.command) {
			arguments.command = command_find(word);
			if (!arguments.command)
				return unknown_command(word, err);
		} else {
			vector_push(&arguments.operands, word);
		}
	}
	if (arguments.command && !arguments.help && check_operands(&arguments, err))
		return -1;
	*ret_arguments = arguments;
	arguments.operands = (struct words){0};
	return 0;
}

void arguments_release(struct arguments *arguments)
{
	vector_release(&arguments->operands);
}

const char *argument_value(const struct arguments *arguments, const char *name)
{
	const struct command_option *option = arguments->command->options;

	for (size_t i = 0; option && option[i].name; i++)
		if (!strcmp(option[i].name, name))
			return arguments->values[i];
	return NULL;
}

static void help_options(struct buffer *text, const struct command_option *options)
{
	for (const struct command_option *option = options; option && option->name; option++) {
		cleanup_free char *name = xasprintf("--%s%s%s", option->name,
			option->argument ? " " : "", option->argument ? option->argument : "");
		cleanup_free char *letter =
			option->letter ? xasprintf("-%c, ", option->letter) : xstrdup("    ");
		buffer_printf(text, "  %s%-22s %s\n", letter, name, option->summary);
	}
}

char *command_help(const struct command *command)
{
	struct buffer text = {0};

	if (!command) {
		buffer_text(&text,
			"jeos builds just enough operating system: appliance images from "
			"recipes, and boots them to prove that they work.\n\n"
			"usage: jeos COMMAND [OPTION...] [ARGUMENT...]\n\ncommands:\n");
		for (size_t i = 0; commands[i]; i++)
			buffer_printf(
				&text, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
		buffer_text(&text, "\noptions of every command:\n");
		help_options(&text, common_options);
		buffer_text(&text,
			"\n`jeos COMMAND --help` says more; so do jeos(1) and jeos-recipe(5).\n");
		return text.data;
	}
	buffer_printf(&text, "jeos %s: %s\n\nusage: jeos %s [OPTION...]%s%s\n", command->name,
		command->summary, command->name, command->operands ? " " : "",
		command->operands ? command->operands : "");
	if (command->help)
		buffer_printf(&text, "\n%s\n", command->help);
	buffer_text(&text, "\noptions:\n");
	help_options(&text, command->options);
	help_options(&text, common_options);
	return text.data;
}
