/* What the names of images tell. */
#include "boot-arguments.h"
#include "base/cleanup.h"
#include "support/test.h"

static void each_format_has_its_suffix(void **state)
{
	static const struct {
		const char *artefact, *suffix;
	} cases[] = {
		{"web-1.0-amd64.qcow2", ".qcow2"},
		{"web-1.0-amd64.v2.qcow2", ".v2.qcow2"},
		{"a-b-0.9-amd64.stream.vmdk", ".stream.vmdk"},
		{"plain.img", ".img"},
		{"web-1-amd64", ""},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++)
		assert_string_equal(artefact_suffix(cases[i].artefact), cases[i].suffix);
}

static void images_have_names(void **state)
{
	cleanup_free char *name = image_name("out.d/web-1.0-amd64.qcow2");
	cleanup_free char *hidden = image_name("out.d/.img");

	(void)state;
	assert_string_equal(name, "web-1.0-amd64");
	assert_string_equal(hidden, ".img");
}

static void an_architecture_is_named_or_the_hosts(void **state)
{
	(void)state;
	assert_ptr_equal(image_architecture("out/web-1.0-amd64.qcow2"), architecture_find("amd64"));
	assert_ptr_equal(image_architecture("web.img"), architecture_native());
	assert_ptr_equal(image_architecture("web-moon.img"), architecture_native());
}

/* The beginning of a file with the ELF header's fields: class, data, machine, flags. */
static void programs_tell_their_architecture(void **state)
{
	static const struct {
		const char *name; /* NULL: none */
		uint8_t start[40];
	} cases[] = {
		{"amd64", {0x7f, 'E', 'L', 'F', 2, 1, [18] = 62}},
		{"i386", {0x7f, 'E', 'L', 'F', 1, 1, [18] = 3}},
		{"armhf", {0x7f, 'E', 'L', 'F', 1, 1, [18] = 40, [37] = 4, [39] = 5}},
		{"armel", {0x7f, 'E', 'L', 'F', 1, 1, [18] = 40, [37] = 2, [39] = 5}},
		{"s390x", {0x7f, 'E', 'L', 'F', 2, 2, [19] = 22}},
		{NULL, {0x7f, 'E', 'L', 'F', 2, 1, [19] = 22}},
		{NULL, {'#', '!', '/', 'b', 'i', 'n'}},
	};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		const struct architecture *found =
			architecture_of_program(cases[i].start, sizeof(cases[i].start));
		assert_ptr_equal(found, cases[i].name ? architecture_find(cases[i].name) : NULL);
		assert_null(architecture_of_program(cases[i].start, 20));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_format_has_its_suffix),
		cmocka_unit_test(images_have_names),
		cmocka_unit_test(an_architecture_is_named_or_the_hosts),
		cmocka_unit_test(programs_tell_their_architecture),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
