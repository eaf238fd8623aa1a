/* Commands: one file each, command-NAME.c, ending in its entry of the command table. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"

/* An option of a command; the same table parses it, prints --help and feeds completion. */
struct command_option {
	const char *name;     /* "output" for --output */
	char letter;          /* 'o' for -o; 0: none */
	const char *argument; /* "DIR"; NULL: it takes none */
	const char *summary;
};

/* What was given on the command line. */
struct arguments {
	const struct command *command;
	const char **values; /* per option of the command's table; NULL: not given; "" for a flag */
	struct words operands;
	const char *store; /* --store */
	bool json;         /* --json */
};

struct command {
	const char *name, *summary;
	const char *operands; /* "RECIPE..."; NULL: none */
	size_t operands_min, operands_max;
	const struct command_option *options; /* ends with name NULL; may be NULL */
	const char *help;                     /* a paragraph more for --help; may be NULL */
	int (*run)(const struct arguments *arguments, struct error *err);
};

extern const struct command command_build, command_check, command_doctor, command_list,
	command_plan, command_run, command_test;

/* The value of an option by its name: NULL when it was not given. */
const char *argument_value(const struct arguments *arguments, const char *name);
