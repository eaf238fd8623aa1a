/* Arguments -> command table -> exit status; the only place that prints errors. */
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "command.h"

#define JEOS_VERSION "0.1"

/* After an interrupt: dies by the same signal, as shells expect. */
static int end_interrupted(void)
{
	int number = interrupt_signal();

	fflush(NULL);
	if (number) {
		interrupt_reset();
		raise(number);
	}
	return STATUS_INTERRUPTED;
}

static int run(const struct arguments *arguments, struct error *err)
{
	if (arguments->version) {
		puts("jeos " JEOS_VERSION);
		return 0;
	}
	if (!arguments->command && !arguments->help)
		return error_set(err, STATUS_USAGE, "no command; `jeos --help` lists them");
	if (arguments->help) {
		cleanup_free char *help = command_help(arguments->command);
		fputs(help, stdout);
		return 0;
	}
	return arguments->command->run(arguments, err);
}

int main(int argc, char **argv)
{
	cleanup_arguments struct arguments arguments = {0};
	cleanup(error_release) struct error error = {0};
	enum log_form form = isatty(STDERR_FILENO) ? LOG_TERMINAL : LOG_PLAIN;

	/* The host's locale, mask and time zone must not reach what is built. */
	setlocale(LC_ALL, "C.UTF-8");
	umask(022);
	interrupt_install();
	int result = arguments_parse(argc, argv, &arguments, &error);
	log_setup(arguments.json ? LOG_JSON : form, arguments.quiet);
	if (!result)
		result = run(&arguments, &error);
	if (fflush(stdout) && !result)
		result = error_errno(&error, errno, "writing the output");
	if (!result)
		return STATUS_OK;
	log_error(&error);
	return error.status == STATUS_INTERRUPTED ? end_interrupted() : (int)error.status;
}
