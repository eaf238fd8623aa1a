#include "log.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "memory.h"

/* The terminal is one; so is this. Set by log_setup() and the progress calls only. */
static struct {
	enum log_form form;
	bool quiet;
	char *name; /* of the running work; owned, NULL when none runs */
	double begun, shown;
} state;

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

void log_setup(enum log_form form, bool quiet)
{
	state.form = form;
	state.quiet = quiet;
}

enum log_form log_form(void)
{
	return state.form;
}

/* A JSON string can only be UTF-8, which output of programs need not be. */
static json_t *json_text(const char *text)
{
	json_t *string = json_string(text);

	if (string)
		return string;
	cleanup_free char *ascii = xstrdup(text);
	for (char *at = ascii; *at; at++)
		if (*at & 0x80)
			*at = '?';
	return json_string(ascii);
}

static void event(json_t *object)
{
	cleanup_free char *line = json_dumps(object, JSON_COMPACT);

	fprintf(stderr, "%s\n", line);
	json_decref(object);
}

static void say(const char *kind, const char *format, va_list arguments)
{
	cleanup_free char *text = xvasprintf(format, arguments);

	if (state.form == LOG_JSON) {
		event(json_pack("{s:s, s:o}", "event", kind, "text", json_text(text)));
		return;
	}
	if (state.form == LOG_TERMINAL && state.name)
		fputs("\r\033[K", stderr);
	fprintf(stderr, "%s%s\n", strcmp(kind, "warning") ? "" : "warning: ", text);
}

void log_note(const char *format, ...)
{
	va_list arguments;

	if (state.quiet)
		return;
	va_start(arguments, format);
	say("note", format, arguments);
	va_end(arguments);
}

void log_warning(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say("warning", format, arguments);
	va_end(arguments);
}

void log_error(const struct error *err)
{
	progress_abandon();
	if (state.form == LOG_JSON)
		event(json_pack("{s:s, s:i, s:o}", "event", "error", "status", (int)err->status,
			"text", json_text(err->message)));
	else
		fprintf(stderr, "jeos: %s\n", err->message);
}

void progress_begin(const char *name)
{
	free(state.name);
	state.name = xstrdup(name);
	state.begun = now();
	state.shown = 0;
	if (state.quiet)
		return;
	if (state.form == LOG_JSON)
		event(json_pack("{s:s, s:s}", "event", "begin", "stage", name));
	else if (state.form == LOG_TERMINAL)
		progress_step("", 0, 0);
}

static void show_line(const char *detail, uint64_t done, uint64_t total)
{
	struct winsize window = {.ws_col = 80};
	cleanup_free char *line = NULL;

	ioctl(STDERR_FILENO, TIOCGWINSZ, &window);
	if (total)
		line = xasprintf("  %-12s %3.0f%%  %s", state.name, 100.0 * done / total, detail);
	else
		line = xasprintf("  %-12s %4.0fs  %s", state.name, now() - state.begun, detail);
	fprintf(stderr, "\r%.*s\033[K", window.ws_col > 1 ? window.ws_col - 1 : 79, line);
	fflush(stderr);
}

void progress_step(const char *detail, uint64_t done, uint64_t total)
{
	double time = now();

	if (state.quiet || !state.name || state.form == LOG_PLAIN || time - state.shown < 0.1)
		return;
	state.shown = time;
	if (state.form == LOG_TERMINAL) {
		show_line(detail, done, total);
		return;
	}
	event(json_pack("{s:s, s:s, s:o, s:I, s:I}", "event", "progress", "stage", state.name,
		"detail", json_text(detail), "done", (json_int_t)done, "total", (json_int_t)total));
}

void progress_line(const char *name, double seconds, const char *result)
{
	if (state.quiet)
		return;
	if (state.form == LOG_JSON)
		event(json_pack("{s:s, s:s, s:s*, s:f}", "event", "end", "stage", name, "result",
			result, "seconds", seconds));
	else
		fprintf(stderr, "%s  %-12s %5.1fs  %s\n",
			state.form == LOG_TERMINAL ? "\r\033[K" : "", name, seconds,
			result ? result : "");
}

void progress_end(const char *result)
{
	if (state.name)
		progress_line(state.name, now() - state.begun, result);
	progress_abandon();
}

void progress_abandon(void)
{
	if (state.name && state.form == LOG_TERMINAL)
		fputs("\r\033[K", stderr);
	free(state.name);
	state.name = NULL;
}
