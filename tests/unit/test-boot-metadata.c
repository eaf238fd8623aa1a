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

#define EC2(path)    "GET /latest/" path " HTTP/1.1\r\nx-aws-ec2-metadata-token: of-one-session"
#define GOOGLE(path) "GET /computeMetadata/v1/instance/" path " HTTP/1.0\r\nMetadata-Flavor: Google"

static void each_is_asked_in_its_way(void **state)
{
	static const struct {
		const char *source, *lines, *status, *text;
	} cases[] = {
		{"ec2", "PUT /latest/api/token HTTP/1.0", "200 OK", "of-one-session"},
		{"ec2", "GET /latest/user-data HTTP/1.0", "401 Unauthorized", ""},
		{"ec2", "GET /latest/user-data HTTP/1.0\r\nX-aws-ec2-metadata-token: other",
			"401 Unauthorized", ""},
		{"ec2", EC2("user-data"), "200 OK", "#!/bin/sh\n"},
		{"ec2", EC2("meta-data/local-hostname"), "200 OK", "given"},
		{"ec2", EC2("meta-data/public-keys/"), "200 OK", "0=key-0\n1=key-1"},
		{"ec2", EC2("meta-data/public-keys/1/openssh-key"), "200 OK", "ssh-rsa BBBB two"},
		{"openstack", "PUT /latest/api/token HTTP/1.0", "404 Not Found", ""},
		{"openstack", "GET /latest/meta-data/instance-id HTTP/1.0", "200 OK", "jeos-test"},
		{"openstack", "GET /openstack/latest/user_data HTTP/1.0", "200 OK", "#!/bin/sh\n"},
		{"openstack", "GET /openstack/latest/meta_data.json HTTP/1.0", "200 OK",
			"{\"uuid\": \"jeos-test\", \"name\": \"given\", \"hostname\": \"given\", "
			"\"public_keys\": {\"key-1\": \"ssh-rsa AAAA one\\n\", "
			"\"key-2\": \"ssh-rsa BBBB two\\n\"}}"},
		{"gce", "GET /computeMetadata/v1/instance/hostname HTTP/1.0", "403 Forbidden", ""},
		{"gce", GOOGLE("hostname?alt=text"), "200 OK", "given"},
		{"gce", GOOGLE("attributes/ssh-keys"), "200 OK",
			"root:ssh-rsa AAAA one\nroot:ssh-rsa BBBB two\n"},
		{"gce", GOOGLE("attributes/startup-script"), "200 OK", "#!/bin/sh\n"},
		{"gce", GOOGLE("attributes/"), "404 Not Found", ""},
		{"openstack", "", "404 Not Found", ""},
		{"openstack", "GET", "404 Not Found", ""},
		{"openstack", "GET  ", "404 Not Found", ""},
	};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++)
		ask(cases[i].source, cases[i].lines, cases[i].status, cases[i].text);
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
		cmocka_unit_test(each_is_asked_in_its_way),
		cmocka_unit_test(a_volume_is_no_service),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
