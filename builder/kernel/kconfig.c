#include "kconfig.h"

#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "base/size.h"

enum {
	FILE_LONGEST = 4 * MIB,
	FILES_MOST = 20000, /* Linux has 1,700 */
	NESTING_DEEPEST = 64,
	TAB = 8,
};

/* What surrounds a line: the conditions of open menus, choices and `if`s, and the inmost choice. */
struct scope {
	const struct kconfig_condition *conditions;
	unsigned choice;
};

struct reader {
	struct kconfig *kconfig;
	int source;              /* -1: nothing is sourced */
	const char *kernel_arch; /* NULL likewise */
	unsigned files, depth, choices;
	struct scope scope;
	vector(struct scope) outer; /* of the blocks that are open */
	/* What dependencies, prompts and selections belong to: the last entry, the scope, or
	 * something that does not matter here. */
	enum { NOTHING, ENTRY, SCOPE } current;
	bool in_help;
	unsigned help_indent; /* 0: its first line is still to come */
};

static void read_file(struct reader *reader, const char *path);

void kconfig_release(struct kconfig *kconfig)
{
	vector_release(&kconfig->entries);
	vector_release(&kconfig->selects);
	arena_release(&kconfig->arena);
	*kconfig = (struct kconfig){0};
}

static struct kconfig_entry *last_entry(struct reader *reader)
{
	return &reader->kconfig->entries.items[reader->kconfig->entries.count - 1];
}

static char *keep(struct reader *reader, const char *text)
{
	return arena_strdup(&reader->kconfig->arena, text);
}

/* Cuts off the first word, or the text between the first quotes. */
static char *take(char **rest)
{
	char *word = *rest + strspn(*rest, " \t");
	char quote = *word == '"' || *word == '\'' ? *word++ : '\0';
	size_t length = quote ? strcspn(word, (char[]){quote, '\0'}) : strcspn(word, " \t");

	*rest = word + length + (word[length] != '\0');
	word[length] = '\0';
	return word;
}

static void add_condition(struct reader *reader, const char *expression)
{
	const struct kconfig_condition **conditions = reader->current == ENTRY
							      ? &last_entry(reader)->conditions
							      : &reader->scope.conditions;
	struct kconfig_condition *condition;

	expression += strspn(expression, " \t");
	if (reader->current == NOTHING || !*expression)
		return;
	condition = arena_alloc(&reader->kconfig->arena, sizeof(*condition));
	*condition = (struct kconfig_condition){keep(reader, expression), *conditions};
	*conditions = condition;
}

/* `depends on EXPRESSION`, `visible if EXPRESSION` */
static void read_depends(struct reader *reader, char *rest)
{
	take(&rest);
	add_condition(reader, rest);
}

static void read_config(struct reader *reader, char *rest)
{
	vector_push(&reader->kconfig->entries,
		((struct kconfig_entry){.symbol = keep(reader, take(&rest)),
			.conditions = reader->scope.conditions,
			.choice = reader->scope.choice}));
	reader->current = ENTRY;
}

/* `prompt "TEXT" if EXPRESSION`, where a type may stand for `prompt`. */
static void read_prompt(struct reader *reader, char *rest)
{
	rest += strspn(rest, " \t");
	if (reader->current != ENTRY || (*rest != '"' && *rest != '\''))
		return;
	last_entry(reader)->prompt = keep(reader, take(&rest));
	if (!strcmp(take(&rest), "if"))
		add_condition(reader, rest);
}

static void read_select(struct reader *reader, char *rest)
{
	if (reader->current == ENTRY)
		vector_push(&reader->kconfig->selects,
			((struct kconfig_select){
				keep(reader, take(&rest)), last_entry(reader)->symbol}));
}

static void read_menu(struct reader *reader, char *rest)
{
	(void)rest;
	vector_push(&reader->outer, reader->scope);
	reader->current = SCOPE;
}

static void read_choice(struct reader *reader, char *rest)
{
	read_menu(reader, rest);
	reader->scope.choice = ++reader->choices;
}

static void read_if(struct reader *reader, char *rest)
{
	read_menu(reader, rest);
	add_condition(reader, rest);
	reader->current = NOTHING;
}

static void read_end(struct reader *reader, char *rest)
{
	(void)rest;
	if (reader->outer.count)
		reader->scope = reader->outer.items[--reader->outer.count];
	reader->current = NOTHING;
}

static void read_comment(struct reader *reader, char *rest)
{
	(void)rest;
	reader->current = NOTHING;
}

static void read_help(struct reader *reader, char *rest)
{
	(void)rest;
	reader->in_help = true;
	reader->help_indent = 0;
}

/* Of the variables in the paths, all but the last are the architecture's directory; user-mode
 * Linux is of one that it does not name, and has it under x86. */
static void read_source(struct reader *reader, char *rest)
{
	static const char *const variables[] = {"$(SRCARCH)", "$(ARCH)", "$(HEADER_ARCH)"};
	cleanup_buffer struct buffer path = {0};

	buffer_text(&path, "");
	for (const char *at = take(&rest); *at;) {
		size_t i = 0;
		while (i < array_count(variables) && !text_starts(at, variables[i]))
			i++;
		if (i < array_count(variables) && reader->kernel_arch) {
			bool header = i == 2 && !strcmp(reader->kernel_arch, "um");
			buffer_text(&path, header ? "x86" : reader->kernel_arch);
			at += strlen(variables[i]);
		} else {
			buffer_append(&path, at++, 1);
		}
	}
	read_file(reader, path.data);
	reader->current = NOTHING;
}

static const struct {
	const char *name;
	void (*read)(struct reader *reader, char *rest);
} keywords[] = {
	{"config", read_config},
	{"menuconfig", read_config},
	{"depends", read_depends},
	{"bool", read_prompt},
	{"tristate", read_prompt},
	{"string", read_prompt},
	{"int", read_prompt},
	{"hex", read_prompt},
	{"prompt", read_prompt},
	{"select", read_select},
	{"help", read_help},
	{"---help---", read_help},
	{"menu", read_menu},
	{"visible", read_depends},
	{"choice", read_choice},
	{"if", read_if},
	{"endmenu", read_end},
	{"endchoice", read_end},
	{"endif", read_end},
	{"comment", read_comment},
	{"source", read_source},
	{"osource", read_source},
};

static unsigned indent_of(const char *line)
{
	unsigned indent = 0;

	for (; *line == ' ' || *line == '\t'; line++)
		indent = *line == '\t' ? (indent / TAB + 1) * TAB : indent + 1;
	return indent;
}

/* A help text goes on while lines are blank or indented as its first. */
static bool is_help(struct reader *reader, const char *line)
{
	unsigned indent = indent_of(line);

	if (!reader->in_help || !line[strspn(line, " \t")])
		return reader->in_help;
	if (!reader->help_indent)
		reader->help_indent = indent;
	reader->in_help = indent && indent >= reader->help_indent;
	return reader->in_help;
}

static void cut_comment(char *line)
{
	char quote = '\0';

	for (; *line; line++) {
		if (quote)
			quote = *line == quote ? '\0' : quote;
		else if (*line == '"' || *line == '\'')
			quote = *line;
		else if (*line == '#')
			break;
	}
	*line = '\0';
}

static void read_line(struct reader *reader, char *line)
{
	if (is_help(reader, line))
		return;
	cut_comment(line);
	size_t length = strlen(line);
	while (length && strchr(" \t\r", line[length - 1]))
		line[--length] = '\0';
	const char *keyword = take(&line);
	for (size_t i = 0; i < array_count(keywords); i++)
		if (!strcmp(keyword, keywords[i].name))
			keywords[i].read(reader, line);
}

/* Reads lines, those that end in a backslash together with the next. */
static void read_text(struct reader *reader, const struct buffer *text)
{
	cleanup_buffer struct buffer line = {0};

	reader->in_help = false;
	for (size_t i = 0; i < text->length; i++) {
		char c = text->data[i];
		if (c == '\\' && i + 1 < text->length && text->data[i + 1] == '\n')
			i++;
		else if (c != '\n')
			buffer_append(&line, &c, 1);
		if (line.data && (c == '\n' || i + 1 >= text->length)) {
			read_line(reader, line.data);
			line.length = 0;
			*line.data = '\0';
		}
	}
}

/* Paths lead down from the source's top; what cannot be read says nothing. */
static void read_file(struct reader *reader, const char *path)
{
	cleanup_buffer struct buffer text = {0};
	struct error err = {0};

	if (reader->source < 0 || *path == '/' || strstr(path, "..") ||
		reader->depth == NESTING_DEEPEST || ++reader->files > FILES_MOST)
		return;
	if (file_read(reader->source, path, FILE_LONGEST, &text, &err)) {
		error_release(&err);
		return;
	}
	reader->depth++;
	read_text(reader, &text);
	reader->depth--;
}

int kconfig_read(
	int source, const char *kernel_arch, struct kconfig *ret_kconfig, struct error *err)
{
	struct kconfig kconfig = {0};
	struct reader reader = {.kconfig = &kconfig, .source = source, .kernel_arch = kernel_arch};

	if (!file_exists(source, "Kconfig"))
		return error_set(err, STATUS_FAILED, "Kconfig: the kernel's source has none");
	read_file(&reader, "Kconfig");
	vector_release(&reader.outer);
	*ret_kconfig = kconfig;
	return 0;
}

void kconfig_parse(const struct buffer *text, struct kconfig *ret_kconfig)
{
	struct kconfig kconfig = {0};
	struct reader reader = {.kconfig = &kconfig, .source = -1};

	read_text(&reader, text);
	vector_release(&reader.outer);
	*ret_kconfig = kconfig;
}

const struct kconfig_entry *kconfig_find(const struct kconfig *kconfig, const char *symbol)
{
	const struct kconfig_entry *found = NULL;

	vector_for_each (entry, &kconfig->entries)
		if (!strcmp(entry->symbol, symbol) && (!found || (!found->prompt && entry->prompt)))
			found = entry;
	return found;
}

const char *kconfig_nearest(const struct kconfig *kconfig, const char *symbol)
{
	struct words names = {0};

	vector_for_each (entry, &kconfig->entries)
		vector_push(&names, entry->symbol);
	const char *nearest = text_nearest(symbol, names.items, names.count);
	vector_release(&names);
	return nearest;
}
