#include "agent.h"

#include <inttypes.h>
#include <nettle/base64.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/size.h"
#include "clock.h"
#include "loader.h"

enum {
	REQUEST_LIMIT = 32 * 1024, /* bytes of a command: less than a terminal line can hold */
	TAIL_LINES = 12,
	REPLY_SLACK = 20 * 1000, /* milliseconds for what is around a command */
};

char *agent_format_request(unsigned id, uint64_t milliseconds, const char *command)
{
	size_t length = strlen(command);
	cleanup_free char *encoded = xcalloc(BASE64_ENCODE_RAW_LENGTH(length) + 1, 1);

	base64_encode_raw(encoded, length, (const uint8_t *)command);
	return xasprintf("%u %" PRIu64 " %s\n", id, divide_up(milliseconds, 1000), encoded);
}

bool agent_parse_hello(const char *line, struct agent_hello *ret_hello)
{
	struct agent_hello hello;
	int end = 0;

	if (sscanf(line, "READY %" SCNu64 " %" SCNu64 "%n", &hello.uptime, &hello.memory_used,
		    &end) != 2 ||
		line[end])
		return false;
	*ret_hello = hello;
	return true;
}

static bool decode(const char *text, struct buffer *ret_output)
{
	struct base64_decode_ctx context;
	size_t length = BASE64_DECODE_LENGTH(strlen(text));
	cleanup_free uint8_t *bytes = xmalloc(length + 1);
	struct buffer output = {0};

	base64_decode_init(&context);
	if (!base64_decode_update(&context, &length, bytes, strlen(text), text) ||
		!base64_decode_final(&context))
		return false;
	buffer_append(&output, bytes, length);
	*ret_output = output;
	return true;
}

bool agent_parse_reply(const char *line, unsigned id, struct agent_reply *ret_reply)
{
	struct agent_reply reply = {0};
	unsigned replied;
	size_t length;
	int start = 0;

	if (sscanf(line, "%u %d %zu%n", &replied, &reply.status, &length, &start) != 3 ||
		replied != id || line[start] != ' ' || strlen(line + start + 1) != length)
		return false;
	if (!decode(line + start + 1, &reply.output))
		return false;
	*ret_reply = reply;
	return true;
}

char *agent_reply_tail(const struct agent_reply *reply)
{
	struct console text = {0};

	console_feed(&text, reply->output.data, reply->output.length);
	char *tail = console_tail(&text, TAIL_LINES);
	console_release(&text);
	return tail;
}

void agent_reply_release(struct agent_reply *reply)
{
	buffer_release(&reply->output);
}

/* The next line of the agent, or NULL when none came in time or the machine stopped. */
static int wait_line(struct machine *machine, uint64_t deadline, char **ret_line, struct error *err)
{
	for (;;) {
		char *line = line_take(&machine->agent_line);
		if (line || machine->state != MACHINE_RUNNING || !clock_until(deadline)) {
			*ret_line = line;
			return 0;
		}
		if (machine_wait(machine, deadline, err))
			return -1;
	}
}

int agent_look(
	struct agent *agent, bool *ret_ready, struct agent_hello *ret_hello, struct error *err)
{
	*ret_ready = false;
	while (!*ret_ready) {
		cleanup_free char *line = line_take(&agent->machine->agent_line);
		if (!line)
			return 0;
		*ret_ready = agent_parse_hello(line, ret_hello);
		if (agent->script && text_starts(line, LOADER_HELLO)) {
			if (line_send(&agent->machine->agent_line, agent->script, err))
				return error_wrap(err, "sending the agent");
			agent->script = NULL;
		}
	}
	return 0;
}

int agent_run(struct agent *agent, const char *command, uint64_t limit,
	struct agent_reply *ret_reply, struct error *err)
{
	unsigned id = ++agent->last_id;
	uint64_t deadline = clock_now() + limit + REPLY_SLACK;
	cleanup_free char *request = agent_format_request(id, limit, command);

	if (strlen(request) > REQUEST_LIMIT)
		return error_set(
			err, STATUS_CHECK, "a command of more than %d bytes", REQUEST_LIMIT);
	if (agent->machine->state == MACHINE_RUNNING &&
		line_send(&agent->machine->agent_line, request, err)) {
		err->status = STATUS_CHECK;
		return error_wrap(err, "the agent");
	}
	for (;;) {
		cleanup_free char *line = NULL;
		if (wait_line(agent->machine, deadline, &line, err))
			return -1;
		if (line && agent_parse_reply(line, id, ret_reply))
			return 0;
		if (line)
			continue;
		if (agent->machine->state != MACHINE_RUNNING)
			return error_set(err, STATUS_CHECK, "the machine stopped");
		return error_set(err, STATUS_CHECK, "no reply from the agent in the guest");
	}
}
