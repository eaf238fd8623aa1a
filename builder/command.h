/*
 * Commands: one file each, command-NAME.c, ending in its entry of the command table. The table is
 * all there is to know about a command: it parses the command line, prints --help and feeds the
 * completion.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"

struct command_option {
	const char *name;     /* "output" for --output */
	char letter;          /* 'o' for -o; 0: none */
	const char *argument; /* "DIR"; NULL: it takes none */
	const char *summary;
};

enum { COMMAND_OPTIONS = 16 };

/* What was given on the command line; everything borrowed from it, operands aside. */
struct arguments {
	const struct command *command; /* NULL: none was named */
	/* By index into the command's options; NULL: not given; "" for one without argument. */
	const char *values[COMMAND_OPTIONS];
	struct words operands; /* the items array is owned */
	const char *store;     /* --store; NULL: not given */
	bool offline, json, quiet, help, version;
};

struct command {
	const char *name, *summary;
	const char *operands; /* "RECIPE..."; NULL: none */
	size_t operands_min, operands_max;
	const struct command_option *options; /* ends with a NULL name; NULL: none */
	const char *help;                     /* paragraphs for --help; NULL: none */
	int (*run)(const struct arguments *arguments, struct error *err);
};

extern const struct command command_build, command_cache, command_check, command_completion,
	command_convert, command_diff, command_doctor, command_inspect, command_kernel,
	command_list, command_lock, command_plan, command_run, command_test;

/* All commands, in the order of the help; NULL-terminated. */
extern const struct command *const commands[];
/* Options that every command takes; ends with a NULL name. */
extern const struct command_option common_options[];

/* STATUS_USAGE with the nearest known name when something is unknown, missing or too much. */
int arguments_parse(
	int argc, char *const *argv, struct arguments *ret_arguments, struct error *err);
void arguments_release(struct arguments *arguments);
#define cleanup_arguments cleanup(arguments_release)

/* The value of one of the command's options by its name; NULL when it was not given. */
const char *argument_value(const struct arguments *arguments, const char *name);

/* The help of one command, or of jeos when command is NULL; owned by the caller. */
char *command_help(const struct command *command);
