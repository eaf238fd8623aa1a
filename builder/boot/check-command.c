/* Checks on what the guest does: commands, its console, its ports. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <regex.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "check.h"
#include "clock.h"

enum {
	TIMED_OUT = 124, /* exit status of timeout(1) */
	SILENCE = 1000,  /* milliseconds after which a server is spoken to first */
	ANSWER_PAUSE = 50,
	ANSWER_LIMIT = 4096, /* bytes */
};

int check_command(struct subject *subject, const struct recipe_check *check, struct error *err)
{
	cleanup_reply struct agent_reply reply = {0};
	regex_t pattern;

	if (agent_run(&subject->agent, check->text, check->within, &reply, err))
		return -1;
	cleanup_free char *tail = agent_reply_tail(&reply);
	if (reply.status == TIMED_OUT && check->exit_status != TIMED_OUT)
		return error_set(err, STATUS_CHECK, "still running after %.0f s, ended%s",
			check->within / 1000.0, tail);
	if (reply.status != check->exit_status)
		return error_set(err, STATUS_CHECK, "exit status %d, not %d%s", reply.status,
			check->exit_status, tail);
	if (!check->output)
		return 0;
	if (regcomp(&pattern, check->output, REG_EXTENDED | REG_NOSUB | REG_NEWLINE))
		return error_set(err, STATUS_CHECK, "%s: no regular expression", check->output);
	bool matches = !regexec(&pattern, reply.output.data, 0, NULL, 0);
	regfree(&pattern);
	if (matches)
		return 0;
	return error_set(err, STATUS_CHECK, "the output does not match %s:%s", check->output, tail);
}

int check_console(struct subject *subject, const struct recipe_check *check, struct error *err)
{
	uint64_t deadline = clock_now() + check->within;
	struct machine *machine = subject->machine;

	while (!console_contains(&machine->console, check->text)) {
		if (machine->state == MACHINE_RUNNING && clock_until(deadline)) {
			if (machine_wait(machine, deadline, err))
				return -1;
			continue;
		}
		cleanup_free char *tail = console_tail(&machine->console, 8);
		return error_set(err, STATUS_CHECK, "not on the console; its last lines:%s", tail);
	}
	return 0;
}

/* Whether the first bytes from the guest begin with the answer, as far as they have come. */
static bool begins_like(const struct buffer *got, const char *answer)
{
	size_t length = strlen(answer);

	return !strncmp(got->data, answer, got->length < length ? got->length : length);
}

/* Reads until the answer has come, or cannot come any more. */
static int expect_answer(
	struct subject *subject, int fd, const char *answer, uint64_t deadline, struct error *err)
{
	static const char greeting[] = "GET / HTTP/1.0\r\n\r\n";
	cleanup_buffer struct buffer got = {0};
	uint64_t silent_until = clock_now() + SILENCE;
	char block[ANSWER_LIMIT];

	buffer_text(&got, "");
	while (got.length < strlen(answer) && begins_like(&got, answer)) {
		ssize_t length = recv(fd, block, sizeof(block), MSG_DONTWAIT);
		if (length > 0) {
			buffer_append(&got, block, length);
			continue;
		}
		if (!length || (errno != EAGAIN && errno != EINTR) || !clock_until(deadline))
			break;
		/* Some servers speak only when they are spoken to. */
		if (silent_until && !clock_until(silent_until)) {
			if (send(fd, greeting, strlen(greeting), MSG_NOSIGNAL) < 0)
				break;
			silent_until = 0;
		}
		if (machine_wait(subject->machine, clock_now() + ANSWER_PAUSE, err))
			return -1;
	}
	if (got.length >= strlen(answer) && begins_like(&got, answer))
		return 0;
	if (!got.length)
		return error_set(err, STATUS_CHECK, "connected, but nothing was answered");
	return error_set(err, STATUS_CHECK, "the answer begins with \"%.60s\", not \"%s\"",
		got.data, answer);
}

static int try_port(struct subject *subject, const struct recipe_check *check, uint64_t deadline,
	struct error *err)
{
	cleanup_fd int fd = -1;

	if (machine_connect(subject->machine, (unsigned)check->number, deadline, &fd, err))
		return -1;
	return check->answer ? expect_answer(subject, fd, check->answer, deadline, err) : 0;
}

/* A service may still be on its way up. */
int check_port(struct subject *subject, const struct recipe_check *check, struct error *err)
{
	return check_retry(subject, check, try_port, err);
}
