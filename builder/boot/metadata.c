#include "metadata.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/size.h"
#include "cloud.h"

enum { HEAD_LIMIT = 8 * KIB, PATIENCE = 5 /* seconds */ };

#define TOKEN "of-one-session"

struct answer {
	char *request; /* "GET /latest/user-data" */
	char *text;
};

struct metadata {
	const struct service *service;
	struct arena arena; /* owns the answers' text */
	vector(struct answer) answers;
};

struct service {
	const char *name;
	/* Without this line it answers nothing but a PUT; NULL: it answers everybody. */
	const char *header, *refusal;
	void (*tell)(struct metadata *metadata, const struct recipe_cloud *cloud);
};

static void add(struct metadata *metadata, const char *request, const char *text)
{
	struct answer answer = {arena_strdup(&metadata->arena, request), NULL};

	if (!text)
		return;
	answer.text = arena_strdup(&metadata->arena, text);
	vector_push(&metadata->answers, answer);
}

static void tell_instance(struct metadata *metadata, const struct recipe_cloud *cloud)
{
	cleanup_buffer struct buffer indices = {0};
	size_t number = 0;

	add(metadata, "GET /latest/meta-data/instance-id", cloud_instance);
	add(metadata, "GET /latest/meta-data/local-hostname", cloud->hostname.text);
	add(metadata, "GET /latest/user-data", cloud->user_data.text);
	vector_for_each (key, &cloud->ssh_keys) {
		cleanup_free char *request =
			xasprintf("GET /latest/meta-data/public-keys/%zu/openssh-key", number);
		add(metadata, request, key->text);
		buffer_printf(&indices, "%s%zu=key-%zu", number ? "\n" : "", number, number);
		number++;
	}
	add(metadata, "GET /latest/meta-data/public-keys/", indices.data);
}

static void tell_ec2(struct metadata *metadata, const struct recipe_cloud *cloud)
{
	add(metadata, "PUT /latest/api/token", TOKEN);
	tell_instance(metadata, cloud);
}

static void tell_openstack(struct metadata *metadata, const struct recipe_cloud *cloud)
{
	cleanup_free char *description = cloud_describe_instance(cloud);

	tell_instance(metadata, cloud);
	add(metadata, "GET /openstack/latest/meta_data.json", description);
	add(metadata, "GET /openstack/latest/user_data", cloud->user_data.text);
}

static void tell_gce(struct metadata *metadata, const struct recipe_cloud *cloud)
{
	static const char base[] = "GET /computeMetadata/v1/instance";
	const struct {
		const char *name, *text;
	} words[] = {
		{"id", cloud_instance},
		{"hostname", cloud->hostname.text},
		{"attributes/startup-script", cloud->user_data.text},
	};
	cleanup_buffer struct buffer keys = {0};

	for (size_t i = 0; i < array_count(words); i++) {
		cleanup_free char *request = xasprintf("%s/%s", base, words[i].name);
		add(metadata, request, words[i].text);
	}
	vector_for_each (key, &cloud->ssh_keys)
		buffer_printf(&keys, "root:%s\n", key->text);
	cleanup_free char *request = xasprintf("%s/attributes/ssh-keys", base);
	add(metadata, request, keys.data);
}

static const struct service services[] = {
	{"ec2", "X-aws-ec2-metadata-token: " TOKEN, "401 Unauthorized", tell_ec2},
	{"openstack", NULL, NULL, tell_openstack},
	{"gce", "Metadata-Flavor: Google", "403 Forbidden", tell_gce},
};

const char *metadata_source_at(size_t index)
{
	return index < array_count(services) ? services[index].name : NULL;
}

static const struct service *find_service(const char *name)
{
	for (size_t i = 0; i < array_count(services); i++)
		if (text_equal(services[i].name, name))
			return &services[i];
	return NULL;
}

bool metadata_is_source(const struct recipe_cloud *cloud)
{
	return find_service(cloud->source.text);
}

struct metadata *metadata_new(const struct recipe_cloud *cloud)
{
	const struct service *service = find_service(cloud->source.text);
	struct metadata *metadata;

	if (!service)
		return NULL;
	metadata = xcalloc(1, sizeof(*metadata));
	metadata->service = service;
	service->tell(metadata, cloud);
	return metadata;
}

/* Its method and path, without what a path asks for behind a question mark. */
static char *requested(const char *head)
{
	const char *space = strchr(head, ' ');

	if (!space)
		return xstrdup("");
	return xasprintf(
		"%.*s", (int)((size_t)(space - head) + 1 + strcspn(space + 1, " ?\r\n")), head);
}

static bool admits(const struct service *service, const char *head)
{
	cleanup_free char *line = xasprintf("\r\n%s\r\n", service->header ? service->header : "");

	return !service->header || text_starts(head, "PUT ") || strcasestr(head, line);
}

void metadata_reply(const struct metadata *metadata, const char *head, struct buffer *reply)
{
	cleanup_free char *request = requested(head);
	const char *status = "404 Not Found", *text = "";

	vector_for_each (answer, &metadata->answers)
		if (!strcmp(answer->request, request)) {
			status = "200 OK";
			text = answer->text;
		}
	if (!admits(metadata->service, head)) {
		status = metadata->service->refusal;
		text = "";
	}
	buffer_printf(reply,
		"HTTP/1.0 %s\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n\r\n%s", status,
		strlen(text), text);
}

void metadata_free(struct metadata *metadata)
{
	vector_release(&metadata->answers);
	arena_release(&metadata->arena);
	free(metadata);
}

/* A request that does not come to its end gets no reply. */
static void converse(const struct metadata *metadata, int fd)
{
	const struct timeval patience = {.tv_sec = PATIENCE};
	cleanup_buffer struct buffer reply = {0};
	char head[HEAD_LIMIT + 1] = "";
	size_t length = 0;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	while (!strstr(head, "\r\n\r\n")) {
		ssize_t got = recv(fd, head + length, HEAD_LIMIT - length, 0);
		if (got <= 0)
			return;
		length += (size_t)got;
		head[length] = '\0';
	}
	metadata_reply(metadata, head, &reply);
	for (size_t sent = 0; sent < reply.length;) {
		ssize_t more = send(fd, reply.data + sent, reply.length - sent, MSG_NOSIGNAL);
		if (more <= 0)
			return;
		sent += (size_t)more;
	}
}

_Noreturn void metadata_serve(const struct metadata *metadata, int listener)
{
	for (;;) {
		cleanup_fd int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0)
			converse(metadata, fd);
		else if (errno != EINTR && errno != ECONNABORTED)
			_exit(1);
	}
}
