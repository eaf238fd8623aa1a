/* The order of preinsts, and what is configured before them. */
#include "rootfs/package-order.h"

#include "base/cleanup.h"
#include "support/test.h"

static const char *const controls[][2] = {
	{"zoo", "Pre-Depends: animal (>= 1)\n"},
	{"keeper", "Depends: zoo\n"},
	{"cage", "Pre-Depends: bar\nDepends: lock | key\n"},
	{"lion", "Provides: animal (= 2), cat\nDepends: meat, cage\n"},
	{"bar", ""},
	{"meat", "Pre-Depends: cold\n"},
	{"cold", "Depends: meat\n"},
	{"lock", "Depends: missing\n"},
	{"core", ""},
};

enum { COUNT = array_count(controls) };

static struct package about[COUNT];
static struct unpacked packages[COUNT];
static struct unpack all = {.packages = packages, .count = COUNT};
static struct installed_path something;

static int make_packages(void **state)
{
	(void)state;
	all.installed.paths.items = &something; /* not a root's first packages */
	all.installed.paths.count = 1;
	for (size_t i = 0; i < COUNT; i++) {
		struct unpacked *package = &packages[i];
		about[i] = (struct package){
			.name = controls[i][0], .essential = !strcmp(controls[i][0], "core")};
		package->package = &about[i];
		package->control = arena_printf(
			&package->arena, "Package: %s\n%s", controls[i][0], controls[i][1]);
		if (!strcmp(controls[i][0], "lion"))
			package->provides = "animal (= 2), cat";
	}
	return 0;
}

static int free_packages(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT; i++)
		arena_release(&packages[i].arena);
	return 0;
}

static struct unpacked *find(const char *name)
{
	for (size_t i = 0; i < COUNT; i++)
		if (!strcmp(about[i].name, name))
			return &packages[i];
	fail_msg("no package %s", name);
	return NULL;
}

/* The names, in the set's order. */
static char *names_of(struct unpacked *const *items, size_t count)
{
	struct buffer names = {0};

	buffer_text(&names, "");
	for (size_t i = 0; i < count; i++)
		buffer_printf(&names, "%s%s", i ? " " : "", items[i]->package->name);
	return names.data;
}

static void assert_needs(const char *name, const char *expected)
{
	struct package_set needs;

	package_needs(&all, find(name), &needs);
	cleanup_free char *names = names_of(needs.items, needs.count);
	assert_string_equal(names, expected);
	vector_release(&needs);
}

static void needs_are_pre_depends_with_what_these_depend_on(void **state)
{
	(void)state;
	assert_needs("bar", "");
	assert_needs("keeper", "");
	assert_needs("cage", "bar");
	assert_needs("zoo", "lion meat cold cage bar lock");
	assert_needs("meat", "cold meat"); /* a loop */
}

static void assert_order(const char *expected)
{
	struct unpacked *order[COUNT];

	package_order(&all, order);
	cleanup_free char *names = names_of(order, COUNT);
	assert_string_equal(names, expected);
}

static void needs_come_first(void **state)
{
	(void)state;
	assert_order("core lion cold meat bar cage lock zoo keeper");
}

static void first_packages_are_only_unpacked(void **state)
{
	(void)state;
	all.installed.paths.count = 0;
	assert_needs("zoo", "lion");
	assert_needs("meat", "cold");
	assert_order("core lion zoo keeper bar cage cold meat lock");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(needs_are_pre_depends_with_what_these_depend_on),
		cmocka_unit_test(needs_come_first),
		cmocka_unit_test(first_packages_are_only_unpacked),
	};

	return cmocka_run_group_tests(tests, make_packages, free_packages);
}
