#include "terminal.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "clock.h"

enum {
	CONTROL_A = 'A' - '@',
	TYPED_LIMIT = 64 * 1024, /* bytes that wait for a guest that does not read */
	PAUSE = 200,             /* milliseconds */
};

struct terminal {
	struct machine *machine;
	struct termios before; /* the terminal's, if it is one */
	bool raw;              /* it is, and was changed */
	bool ended;            /* nothing more will be typed */
	bool escaped;          /* after Ctrl-A */
	bool leaving;          /* after Ctrl-A X */
	struct winsize window; /* what the guest was told of */
	struct buffer typed;   /* ... and the guest has not yet taken */
};

static void make_raw(struct terminal *terminal)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &terminal->before))
		return;
	raw = terminal->before;
	cfmakeraw(&raw);
	terminal->raw = !tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
}

static void terminal_release(struct terminal *terminal)
{
	if (terminal->raw)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal->before);
	buffer_release(&terminal->typed);
}
#define cleanup_terminal cleanup(terminal_release)

/* Guests whose console is a terminal of this host have its size from there; others cannot be told.
 */
static void follow_window(struct terminal *terminal)
{
	struct winsize now;

	if (!terminal->raw || ioctl(STDIN_FILENO, TIOCGWINSZ, &now) ||
		!memcmp(&now, &terminal->window, sizeof(now)))
		return;
	terminal->window = now;
	ioctl(terminal->machine->console_line.fd, TIOCSWINSZ, &now);
}

static void type(struct terminal *terminal, char byte)
{
	bool escaped = terminal->escaped;

	terminal->escaped = byte == CONTROL_A && !escaped;
	if (terminal->escaped)
		return;
	if (escaped && (byte == 'x' || byte == 'X'))
		terminal->leaving = true;
	else
		buffer_append(&terminal->typed, &byte, 1);
}

static void take_typed(struct terminal *terminal)
{
	char block[4096];
	ssize_t length = read(STDIN_FILENO, block, sizeof(block));

	if (length < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	terminal->ended = length <= 0;
	for (ssize_t i = 0; i < length && !terminal->leaving; i++)
		type(terminal, block[i]);
}

/* A guest that has ended takes nothing: its machine says so. */
static void pass_typed(struct terminal *terminal)
{
	struct buffer *typed = &terminal->typed;
	ssize_t taken = write(terminal->machine->console_line.fd, typed->data, typed->length);

	if (taken <= 0)
		return;
	typed->length -= taken;
	memmove(typed->data, typed->data + taken, typed->length);
}

/* Waits for either side, not for long. */
static void wait_any(struct terminal *terminal)
{
	const struct machine *machine = terminal->machine;
	bool listening = !terminal->ended && terminal->typed.length < TYPED_LIMIT;
	short room = terminal->typed.length ? POLLOUT : 0;
	struct pollfd ends[] = {
		{listening ? STDIN_FILENO : -1, POLLIN, 0},
		{machine->console_line.ended ? -1 : machine->console_line.fd, POLLIN | room, 0},
		{machine->control_fd, POLLIN, 0},
	};

	if (poll(ends, array_count(ends), PAUSE) <= 0)
		return;
	if (ends[0].revents)
		take_typed(terminal);
	if (ends[1].revents & POLLOUT)
		pass_typed(terminal);
}

int terminal_serve(struct machine *machine, struct error *err)
{
	cleanup_terminal struct terminal terminal = {.machine = machine};

	make_raw(&terminal);
	while (machine->state == MACHINE_RUNNING && !terminal.leaving) {
		follow_window(&terminal);
		wait_any(&terminal);
		if (machine_wait(machine, clock_now(), err))
			return -1;
	}
	return 0;
}
