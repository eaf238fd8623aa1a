/* The forms of what an appliance tells those who deploy it. */
#include "form.h"

/* OVF's, in the order in which they are likely. */
static const char *property_type_at(size_t index)
{
	static const char *const types[] = {"string", "boolean", "uint16", "uint32", "uint64",
		"sint16", "sint32", "sint64", "real32", "real64", NULL};

	return types[index];
}

static int verify_eula(struct recipe *recipe, struct word *word)
{
	return form_verify_file(recipe, word, "licence");
}

const struct form form_lines = {.what = "a text", .lines = true, .longest = 65536};
const struct form form_url = {
	.what = "a URL",
	.hint = "such as https://vendor.example/",
	.pattern = "^https?://[^ /]+[^ ]*$",
};
const struct form form_eula = {.what = "a file", .verify = verify_eula};
const struct form form_property = {
	.what = "a property's name",
	.hint = "letters, digits, _ and -, such as admin_mail",
	.pattern = "^[A-Za-z0-9_-]+$",
};
const struct form form_property_type = {.what = "type of property", .choice = property_type_at};
const struct form form_property_value = {.what = "a value", .numeric = true};
const struct form form_variable = {
	.what = "a variable",
	.hint = "NAME=VALUE",
	.pattern = "^[A-Za-z_][A-Za-z0-9_]*=",
};
const struct form form_port = {
	.what = "a port",
	.hint = "NUMBER, NUMBER/tcp or NUMBER/udp, such as 80",
	.pattern = "^[1-9][0-9]{0,4}(/(tcp|udp))?$",
	.numeric = true,
};
