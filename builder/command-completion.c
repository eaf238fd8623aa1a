#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "command.h"

/* For each command the words and the options that may follow it; where there are no words, bash
 * completes file names. */
static const char head[] = "# bash completion for jeos, made from its tables by `jeos completion`\n"
			   "_jeos() {\n"
			   "\tlocal word=${COMP_WORDS[COMP_CWORD]} command='' words options\n"
			   "\t[ \"$COMP_CWORD\" = 1 ] || command=${COMP_WORDS[1]}\n"
			   "\tcase $command in\n";
static const char tail[] = "\tesac\n"
			   "\t[[ $word != -* ]] || words=$options\n"
			   "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
			   "}\n"
			   "complete -o default -F _jeos jeos\n";

static void add_options(struct buffer *text, const struct command_option *options)
{
	for (; options && options->name; options++)
		buffer_printf(text, " --%s", options->name);
}

static void add_case(struct buffer *text, const char *name, const char *words,
	const struct command_option *options)
{
	buffer_printf(text, "\t%s) words='%s' options='", name, words);
	add_options(text, options);
	add_options(text, common_options);
	buffer_text(text, "' ;;\n");
}

/* "formats|platforms" as words; operands in capitals, and behind a blank, stand for files. */
static char *operand_words(const struct command *command)
{
	bool listed = command->operands && islower(*command->operands);
	char *words = xstrndup(
		listed ? command->operands : "", listed ? strcspn(command->operands, " ") : 0);

	for (char *at = words; *at; at++)
		if (*at == '|')
			*at = ' ';
	return words;
}

static int run(const struct arguments *arguments, struct error *err)
{
	cleanup_buffer struct buffer text = {0}, names = {0};

	(void)arguments;
	(void)err;
	buffer_text(&text, head);
	for (size_t i = 0; commands[i]; i++) {
		cleanup_free char *words = operand_words(commands[i]);
		buffer_printf(&names, " %s", commands[i]->name);
		add_case(&text, commands[i]->name, words, commands[i]->options);
	}
	add_case(&text, "*", names.data, NULL);
	buffer_text(&text, tail);
	fputs(text.data, stdout);
	return 0;
}

const struct command command_completion = {
	.name = "completion",
	.summary = "print a completion script for bash",
	.help = "`. <(jeos completion)` switches it on; `make install` installs it.",
	.run = run,
};
