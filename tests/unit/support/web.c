#include "web.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/process.h"
#include "test.h"

static pid_t server;
static unsigned port;
static char content[WEB_LENGTH];

const char *web_content(void)
{
	for (size_t i = 0; i < WEB_LENGTH; i++)
		content[i] = (char)(i * 7 + i / 251);
	return content;
}

size_t web_requests(const char *path)
{
	cleanup_buffer struct buffer text = {0};
	struct error ignored = {0};
	char *line = xasprintf("GET %s\n", path);
	size_t count = 0;

	if (!file_read(AT_FDCWD, "requests", 1 << 20, &text, &ignored))
		for (const char *at = text.data; (at = strstr(at, line)); at += strlen(line))
			count++;
	error_release(&ignored);
	free(line);
	return count;
}

static void send_text(int fd, const char *text)
{
	struct error ignored = {0};

	file_write_all(fd, text, strlen(text), &ignored);
	error_release(&ignored);
}

static void send_head(int fd, unsigned status, const char *more)
{
	char *head = xasprintf("HTTP/1.1 %u X\r\nConnection: close\r\n%s\r\n", status, more);

	send_text(fd, head);
	free(head);
}

/* The content from an offset on; `announced` and `sent` may differ from what there is. */
static void send_content(int fd, size_t offset, size_t announced, size_t sent)
{
	struct error ignored = {0};
	char *head = offset ? xasprintf("Content-Range: bytes %zu-%d/%d\r\nContent-Length: %zu\r\n",
				      offset, WEB_LENGTH - 1, WEB_LENGTH, announced)
			    : xasprintf("Content-Length: %zu\r\n", announced);

	send_head(fd, offset ? 206 : 200, head);
	free(head);
	file_write_all(fd, content + offset, sent, &ignored);
	error_release(&ignored);
}

static void answer(int fd, const char *path, size_t offset)
{
	size_t rest = WEB_LENGTH - offset;
	char *location;

	if (!strcmp(path, "/good")) {
		send_content(fd, offset, rest, rest);
	} else if (!strcmp(path, "/plain")) {
		send_content(fd, 0, WEB_LENGTH, WEB_LENGTH);
	} else if (!strcmp(path, "/cut")) {
		send_content(fd, offset, rest, rest > 10 ? rest / 2 : rest);
	} else if (!strcmp(path, "/short")) {
		send_content(fd, 0, WEB_LENGTH - 1, WEB_LENGTH - 1);
	} else if (!strcmp(path, "/long")) {
		struct error ignored = {0};
		send_head(fd, 200, "");
		file_write_all(fd, content, WEB_LENGTH, &ignored);
		send_text(fd, "x");
		error_release(&ignored);
	} else if (!strncmp(path, "/busy-", 6)) {
		if (web_requests(path) <= (size_t)atoi(path + 6))
			send_head(fd, 503, "Content-Length: 0\r\n");
		else
			send_content(fd, offset, rest, rest);
	} else if (!strncmp(path, "/to/", 4)) {
		location = xasprintf("Location: %s\r\nContent-Length: 0\r\n", path + 3);
		send_head(fd, 302, location);
		free(location);
	} else if (!strcmp(path, "/leave")) {
		send_head(fd, 302, "Location: file:///etc/passwd\r\nContent-Length: 0\r\n");
	} else if (!strncmp(path, "/status-", 8)) {
		send_head(fd, atoi(path + 8), "Content-Length: 4\r\n");
		send_text(fd, "body");
	}
}

static void serve(int fd)
{
	char request[4096], path[256];
	size_t length = 0, offset = 0;
	ssize_t got;

	while ((got = read(fd, request + length, sizeof(request) - 1 - length)) > 0) {
		length += got;
		request[length] = '\0';
		if (strstr(request, "\r\n\r\n"))
			break;
	}
	if (sscanf(request, "GET %255s", path) != 1)
		return;
	const char *range = strstr(request, "Range: bytes=");
	if (range)
		offset = strtoul(range + 13, NULL, 10);
	int log = open("requests", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	dprintf(log, "GET %s\n", path);
	close(log);
	answer(fd, path, offset);
}

static void run(int listener)
{
	web_content();
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		if (fd < 0)
			_exit(1);
		serve(fd);
		shutdown(fd, SHUT_WR);
		close(fd);
	}
}

void web_start(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(listener, (struct sockaddr *)&address, length), 0);
	assert_int_equal(listen(listener, 32), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length), 0);
	port = ntohs(address.sin_port);
	setenv("no_proxy", "127.0.0.1", 1);
	unlink("requests");
	server = fork();
	if (!server) {
		alarm(120); /* should the test die */
		run(listener);
	}
	close(listener);
}

void web_stop(void)
{
	process_end(server);
}

char *web_url(const char *path)
{
	return xasprintf("http://127.0.0.1:%u%s", port, path);
}
