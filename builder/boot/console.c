#include "console.h"

#include <string.h>

#include "base/cleanup.h"

/* Where in an escape sequence (ECMA-48) the input stands. */
enum { ESCAPE_NONE, ESCAPE_BEGUN, ESCAPE_CONTROL };

/* Words by which a line shows how far the boot has come, wherever in the line they stand. */
static const struct {
	const char *text;
	enum boot_phase phase;
} phase_marks[] = {
	{"GRUB", PHASE_LOADER},
	{"Booting from ROM", PHASE_KERNEL}, /* SeaBIOS, of a kernel that QEMU has loaded */
	{"Linux version ", PHASE_KERNEL},
	{"Decompressing Linux", PHASE_KERNEL},
	{"Loading, please wait", PHASE_KERNEL},
	{"systemd[1]: ", PHASE_USERSPACE},
	{"as init process", PHASE_USERSPACE},
	{"Welcome to Debian", PHASE_USERSPACE},
	{"INIT: version", PHASE_USERSPACE},
	{"You are in rescue mode", PHASE_USERSPACE},
	{"You are in emergency mode", PHASE_USERSPACE},
	{" login: ", PHASE_USERSPACE},
	/* A quiet guest's only words, when a program of it asks for its end: reboot(2). */
	{"reboot: Power down", PHASE_USERSPACE},
	{"reboot: Restarting system", PHASE_USERSPACE},
	{"reboot: System halted", PHASE_USERSPACE},
};

static const char *const phase_names[] = {
	[PHASE_FIRMWARE] = "firmware",
	[PHASE_LOADER] = "boot loader",
	[PHASE_KERNEL] = "kernel",
	[PHASE_USERSPACE] = "userspace",
};

/*
 * How the kernel begins its fault messages. "watchdog: BUG: soft lockup" is none: a busy host makes
 * it in an emulated guest.
 */
static const char *const panics[] = {"Kernel panic - not syncing"};
static const char *const faults[] = {
	"BUG: ", "Oops: ", "general protection fault", "kernel BUG at ", "Internal error: "};

const char *boot_phase_name(enum boot_phase phase)
{
	return phase_names[phase];
}

static void append_plain(struct console *console, char byte)
{
	if (byte == '\033')
		console->escape = ESCAPE_BEGUN;
	else if (console->escape == ESCAPE_BEGUN)
		console->escape = byte == '[' ? ESCAPE_CONTROL : ESCAPE_NONE;
	else if (console->escape == ESCAPE_CONTROL)
		console->escape = byte >= 0x40 && byte <= 0x7e ? ESCAPE_NONE : ESCAPE_CONTROL;
	else if (byte == '\n' || byte == '\t' || (unsigned char)byte >= ' ')
		buffer_append(&console->text, &byte, 1);
}

/* The end of "[    1.234567]" if the text begins so; else NULL. */
static const char *after_stamp(const char *text)
{
	if (*text != '[')
		return NULL;
	size_t digits = strspn(text + 1, " 0123456789");
	const char *dot = text + 1 + digits;
	if (!digits || *dot != '.' || strspn(dot + 1, "0123456789") != 6 || dot[7] != ']')
		return NULL;
	return dot + 8;
}

/* The kernel's message in a line: behind its time stamp, before which others may have left half a
 * line; NULL when there is none. */
static const char *kernel_message(const char *line)
{
	const char *message = NULL;

	for (; *line && !message; line++)
		message = after_stamp(line);
	if (message && *message == '[') /* the caller: "[    T1]" */
		message = strchr(message, ']') ? strchr(message, ']') + 1 : message;
	return message ? message + strspn(message, " ") : NULL;
}

static bool begins_with_any(const char *text, const char *const *prefixes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (text_starts(text, prefixes[i]))
			return true;
	return false;
}

/* `end` is where the line ends in the console's text. */
static void look_at(struct console *console, const char *line, size_t end)
{
	const char *stamped = kernel_message(line), *message = stamped ? stamped : line;

	for (size_t i = 0; i < array_count(phase_marks); i++)
		if (phase_marks[i].phase > console->phase && strstr(line, phase_marks[i].text))
			console->phase = phase_marks[i].phase;
	/* Nobody but the kernel stamps its lines. */
	if (stamped && console->phase < PHASE_KERNEL)
		console->phase = PHASE_KERNEL;
	if (!console->panic && begins_with_any(message, panics, array_count(panics))) {
		console->panic = xstrdup(message);
		console->panic_end = end;
	}
	if (!console->oops && begins_with_any(message, faults, array_count(faults)))
		console->oops = xstrdup(message);
}

void console_feed(struct console *console, const char *data, size_t length)
{
	for (size_t i = 0; i < length && console->text.length < CONSOLE_LIMIT; i++)
		append_plain(console, data[i]);
	while (console->scanned < console->text.length) {
		const char *start = console->text.data + console->scanned;
		const char *end = memchr(start, '\n', console->text.length - console->scanned);
		if (!end)
			break;
		cleanup_free char *line = xstrndup(start, end - start);
		console->scanned += end - start + 1;
		look_at(console, line, console->scanned);
	}
}

void console_release(struct console *console)
{
	buffer_release(&console->text);
	free(console->panic);
	free(console->oops);
	*console = (struct console){0};
}

bool console_contains(const struct console *console, const char *text)
{
	return console->text.data && strstr(console->text.data, text);
}

/* The last lines with something on them, of those that end before `end`. */
static char *tail_before(const struct console *console, size_t end, size_t lines)
{
	const char *text = console->text.data;
	size_t start = end, found = 0;
	struct buffer tail = {0};
	bool blank = true;

	for (; start; start--) {
		if (text[start - 1] != '\n') {
			blank = blank && strchr(" \t", text[start - 1]);
			continue;
		}
		found += !blank;
		blank = true;
		if (found == lines)
			break;
	}
	buffer_text(&tail, "");
	cleanup_free char *last = xstrndup(text ? text + start : "", end - start);
	for (char *rest = last, *line; (line = strsep(&rest, "\n"));)
		if (line[strspn(line, " \t")])
			buffer_printf(&tail, "\n    %s", line);
	return tail.data;
}

char *console_tail(const struct console *console, size_t lines)
{
	return tail_before(console, console->text.length, lines);
}

char *console_panic_tail(const struct console *console, size_t lines)
{
	return tail_before(
		console, console->panic ? console->panic_end : console->text.length, lines);
}
