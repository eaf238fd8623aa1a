#include "qmp.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/interrupt.h"
#include "clock.h"

enum { REPLY_LIMIT = 20 * 1000 /* milliseconds */ };

/* Takes the next message if one has come: *ret_message is NULL when none has. */
static int take_message(struct qmp *qmp, json_t **ret_message, struct error *err)
{
	json_error_t why;

	line_receive(&qmp->line);
	cleanup_free char *text = line_take(&qmp->line);
	json_t *message = text ? json_loads(text, 0, &why) : NULL;
	if (text && !json_is_object(message)) {
		json_decref(message);
		return error_set(err, STATUS_EMULATOR, "QMP: not a JSON object: %.80s", text);
	}
	*ret_message = message;
	return 0;
}

static bool is_event(struct qmp *qmp, const json_t *message)
{
	const char *name = json_string_value(json_object_get(message, "event"));

	if (name && qmp->event)
		qmp->event(qmp->context, name, json_object_get(message, "data"));
	return name;
}

/* The next message that is no event; owned by the caller. */
static int wait_message(struct qmp *qmp, uint64_t deadline, json_t **ret_message, struct error *err)
{
	struct pollfd socket = {.fd = qmp->line.fd, .events = POLLIN};
	json_t *message;

	for (;;) {
		if (take_message(qmp, &message, err))
			return -1;
		if (message && !is_event(qmp, message)) {
			*ret_message = message;
			return 0;
		}
		if (message) {
			json_decref(message);
			continue;
		}
		if (interrupt_check(err))
			return -1;
		if (qmp->line.ended)
			return error_set(err, STATUS_EMULATOR, "QMP: QEMU hung up");
		if (!clock_until(deadline))
			return error_set(
				err, STATUS_EMULATOR, "QMP: no reply in %d s", REPLY_LIMIT / 1000);
		poll(&socket, 1, clock_poll(deadline));
	}
}

int qmp_start(struct qmp *qmp, struct error *err)
{
	json_t *greeting;

	if (wait_message(qmp, clock_now() + REPLY_LIMIT, &greeting, err))
		return -1;
	bool greeted = json_object_get(greeting, "QMP");
	json_decref(greeting);
	if (!greeted)
		return error_set(err, STATUS_EMULATOR, "QMP: QEMU did not begin with a greeting");
	return qmp_command(qmp, "qmp_capabilities", NULL, NULL, err);
}

/* Waits for the reply to command `id`; others are answers that nobody waits for any more. */
static int wait_reply(struct qmp *qmp, unsigned id, json_t **ret_reply, struct error *err)
{
	uint64_t deadline = clock_now() + REPLY_LIMIT;
	json_t *reply;

	for (;;) {
		if (wait_message(qmp, deadline, &reply, err))
			return -1;
		const json_t *number = json_object_get(reply, "id");
		if (json_is_integer(number) && json_integer_value(number) == id) {
			*ret_reply = reply;
			return 0;
		}
		json_decref(reply);
	}
}

/* Sends a line, and a descriptor with it unless that is negative. */
static int send_with(struct qmp *qmp, const char *text, int fd, struct error *err)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec data = {(char *)text, 1};
	struct msghdr message = {.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control)};

	if (fd < 0)
		return line_send(&qmp->line, text, err);
	control.header = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(fd)),
		.cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS};
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	/* It travels with the first byte. */
	if (sendmsg(qmp->line.fd, &message, MSG_NOSIGNAL) != 1)
		return error_errno(err, errno, "sending a descriptor");
	return line_send(&qmp->line, text + 1, err);
}

static int command_with(struct qmp *qmp, const char *command, json_t *arguments, int fd,
	json_t **ret_result, struct error *err)
{
	unsigned id = ++qmp->last_id;
	json_t *request = json_pack(
		"{s:s, s:i, s:o*}", "execute", command, "id", (int)id, "arguments", arguments);
	cleanup_free char *body = json_dumps(request, JSON_COMPACT);
	cleanup_free char *text = xasprintf("%s\n", body);
	json_t *reply;

	json_decref(request);
	if (send_with(qmp, text, fd, err)) {
		err->status = STATUS_EMULATOR;
		return error_wrap(err, "QMP: %s", command);
	}
	if (wait_reply(qmp, id, &reply, err))
		return error_wrap(err, "%s", command);
	const json_t *error = json_object_get(reply, "error");
	json_t *result = json_object_get(reply, "return");
	if (error || !result)
		error_set(err, STATUS_EMULATOR, "QMP: %s: %s", command,
			json_string_value(json_object_get(error, "desc")) ?: "failed");
	else if (ret_result)
		*ret_result = json_incref(result);
	json_decref(reply);
	return error || !result ? -1 : 0;
}

int qmp_command(struct qmp *qmp, const char *command, json_t *arguments, json_t **ret_result,
	struct error *err)
{
	return command_with(qmp, command, arguments, -1, ret_result, err);
}

int qmp_give(struct qmp *qmp, const char *name, int fd, struct error *err)
{
	return command_with(qmp, "getfd", json_pack("{s:s}", "fdname", name), fd, NULL, err);
}

int qmp_receive(struct qmp *qmp, struct error *err)
{
	json_t *message;

	do {
		if (take_message(qmp, &message, err))
			return -1;
		if (message)
			is_event(qmp, message);
		json_decref(message);
	} while (message);
	return 0;
}

void qmp_release(struct qmp *qmp)
{
	line_release(&qmp->line);
}
