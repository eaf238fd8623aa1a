#include "line.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SEND_LIMIT = 10 * 1000 }; /* milliseconds until the other side takes some of it */

void line_open(struct line *line, int fd)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	*line = (struct line){.fd = fd};
}

void line_release(struct line *line)
{
	if (line->fd >= 0)
		close(line->fd);
	line->fd = -1;
	buffer_release(&line->input);
}

void line_receive(struct line *line)
{
	char block[16384];

	while (!line->ended) {
		ssize_t length = read(line->fd, block, sizeof(block));
		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0 && errno == EAGAIN)
			return;
		if (length <= 0)
			line->ended = true;
		else
			buffer_append(&line->input, block, length);
		if (line->input.length > LINE_LIMIT && !memchr(line->input.data, '\n', LINE_LIMIT))
			line->input.length = 0;
	}
}

char *line_take(struct line *line)
{
	char *data = line->input.data;
	char *end = line->input.length ? memchr(data, '\n', line->input.length) : NULL;

	if (!end)
		return NULL;
	size_t length = end - data, taken = length + 1;
	if (length && data[length - 1] == '\r')
		length--;
	char *text = xstrndup(data, length);
	line->input.length -= taken;
	memmove(data, data + taken, line->input.length);
	return text;
}

int line_send(struct line *line, const char *text, struct error *err)
{
	size_t length = strlen(text);

	while (length) {
		struct pollfd room = {line->fd, POLLOUT, 0};
		ssize_t sent = send(line->fd, text, length, MSG_NOSIGNAL);
		if (sent < 0 && errno == ENOTSOCK)
			sent = write(line->fd, text, length);
		if (sent < 0 && errno == EAGAIN && poll(&room, 1, SEND_LIMIT) > 0)
			continue;
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return error_errno(err, errno, "sending");
		text += sent;
		length -= sent;
	}
	return 0;
}
