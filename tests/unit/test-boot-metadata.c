/* What the metadata services of a test's cloud answer, and to whom. */
#include "base/cleanup.h"
#include "boot/cloud.h"
#include "boot/metadata.h"
#include "support/test.h"

static struct word keys[] = {{"ssh-rsa AAAA one", {.line = 1}}, {"ssh-rsa BBBB two", {.line = 2}}};

/* Asks a service, by these lines. */
static void ask(const char *source, const char *lines, const char *status, const char *text)
{
	const struct recipe_cloud cloud = {
		.source.text = source,
		.hostname.text = "given",
		.user_data.text = "#!/bin/sh\n",
		.ssh_keys = {keys, array_count(keys), array_count(keys)},
	};
	cleanup_free char *head = xasprintf("%s\r\nHost: 169.254.169.254\r\n\r\n", lines);
	cleanup_free char *wanted = xasprintf("HTTP/1.0 %s\r\nContent-Type: text/plain\r\n"
					      "Content-Length: %zu\r\n\r\n%s",
		status, strlen(text), text);
	cleanup_buffer struct buffer reply = {0};
	struct metadata *metadata = metadata_new(&cloud);

	metadata_reply(metadata, head, &reply);
	assert_string_equal(reply.data, wanted);
	metadata_free(metadata);
}

static void ec2_wants_a_token(void **state)
{
	static const char token[] = "\r\nx-aws-ec2-metadata-token: of-one-session";
	cleanup_free char *name =
		xasprintf("GET /latest/meta-data/local-hostname HTTP/1.1%s", token);
	cleanup_free char *index =
		xasprintf("GET /latest/meta-data/public-keys/ HTTP/1.0%s", token);
	cleanup_free char *key =
		xasprintf("GET /latest/meta-data/public-keys/1/openssh-key HTTP/1.0%s", token);

	(void)state;
	ask("ec2", "PUT /latest/api/token HTTP/1.0", "200 OK", "of-one-session");
	ask("ec2", "GET /latest/user-data HTTP/1.0", "401 Unauthorized", "");
	ask("ec2", "GET /latest/user-data HTTP/1.0\r\nX-aws-ec2-metadata-token: other",
		"401 Unauthorized", "");
	ask("ec2", name, "200 OK", "given");
	ask("ec2", index, "200 OK", "0=key-0\n1=key-1");
	ask("ec2", key, "200 OK", "ssh-rsa BBBB two");
}

static void openstack_wants_none(void **state)
{
	(void)state;
	ask("openstack", "PUT /latest/api/token HTTP/1.0", "404 Not Found", "");
	ask("openstack", "GET /latest/meta-data/instance-id HTTP/1.0", "200 OK", "jeos-test");
	ask("openstack", "GET /openstack/latest/user_data HTTP/1.0", "200 OK", "#!/bin/sh\n");
	ask("openstack", "GET /openstack/latest/meta_data.json HTTP/1.0", "200 OK",
		"{\"uuid\": \"jeos-test\", \"name\": \"given\", \"hostname\": \"given\", "
		"\"public_keys\": {\"key-1\": \"ssh-rsa AAAA one\\n\", "
		"\"key-2\": \"ssh-rsa BBBB two\\n\"}}");
}

static void google_wants_its_flavor(void **state)
{
	static const char base[] = "GET /computeMetadata/v1/instance";
	static const char flavor[] = "HTTP/1.0\r\nMetadata-Flavor: Google";
	cleanup_free char *bare = xasprintf("%s/hostname HTTP/1.0", base);
	cleanup_free char *name = xasprintf("%s/hostname?alt=text %s", base, flavor);
	cleanup_free char *names = xasprintf("%s/attributes/ssh-keys %s", base, flavor);
	cleanup_free char *script = xasprintf("%s/attributes/startup-script %s", base, flavor);
	cleanup_free char *other = xasprintf("%s/attributes/ %s", base, flavor);

	(void)state;
	ask("gce", bare, "403 Forbidden", "");
	ask("gce", name, "200 OK", "given");
	ask("gce", names, "200 OK", "root:ssh-rsa AAAA one\nroot:ssh-rsa BBBB two\n");
	ask("gce", script, "200 OK", "#!/bin/sh\n");
	ask("gce", other, "404 Not Found", "");
}

static void what_is_no_request_finds_nothing(void **state)
{
	(void)state;
	ask("openstack", "", "404 Not Found", "");
	ask("openstack", "GET", "404 Not Found", "");
	ask("openstack", "GET  ", "404 Not Found", "");
}

static void a_volume_is_no_service(void **state)
{
	struct recipe_cloud cloud = {0};

	(void)state;
	assert_false(metadata_is_source(&cloud));
	assert_false(cloud_has_volume(&cloud));
	cloud.source.text = "nocloud";
	assert_null(metadata_new(&cloud));
	assert_true(cloud_has_volume(&cloud));
	cloud.source.text = "gce";
	assert_true(metadata_is_source(&cloud));
	assert_false(cloud_has_volume(&cloud));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ec2_wants_a_token),
		cmocka_unit_test(openstack_wants_none),
		cmocka_unit_test(google_wants_its_flavor),
		cmocka_unit_test(what_is_no_request_finds_nothing),
		cmocka_unit_test(a_volume_is_no_service),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
