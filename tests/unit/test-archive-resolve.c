/* Resolving: small archives written here, judged by what apt would do. */
#include "archive/archive.h"
#include "archive/catalog.h"
#include "base/cleanup.h"
#include "support/resolve.h"
#include "support/test.h"

static void the_newest_version_of_all_suites_wins(void **state)
{
	(void)state;
	assert_resolves(&(struct question){.base = STANZAS("a 1.10", "b 2", "b 1"),
				.security = STANZAS("a 1.10+deb12u1", "b 2~rc1"),
				.packages = "a b"},
		"a=1.10+deb12u1 b=2");
}

static void a_base_system_has_what_it_says(void **state)
{
	const char *const *base = STANZAS("e 1; Essential: yes", "r 1; Priority: required",
		"apt 1; Depends: lib", "lib 1", "i 1; Priority: important", "x 1");
	static const char *const expected[][2] = {
		{"essential", "e=1"},
		{"apt", "apt=1 e=1 lib=1"},
		{"minbase", "apt=1 e=1 lib=1 r=1"},
		{"important", "apt=1 e=1 i=1 lib=1 r=1"},
	};

	(void)state;
	for (size_t i = 0; i < array_count(expected); i++)
		assert_resolves(
			&(struct question){
				.base = base, .packages = "", .base_system = expected[i][0]},
			expected[i][1]);
	assert_resolves(&(struct question){.base = base,
				.packages = "x",
				.without = "r apt",
				.base_system = "minbase"},
		"e=1 x=1");
	assert_refused(
		&(struct question){
			.base = base, .packages = "", .without = "e", .base_system = "minbase"},
		"r.yaml:21:1: e is forbidden by `without`, but needed: every system has it");
}

static void the_first_alternative_wins(void **state)
{
	const char *const *base = STANZAS("a 1; Depends: z | b", "b 1", "z 1",
		"c 1; Depends: y (>= 2) | b", "y 1", "d 1; Depends: b, z | y");

	(void)state;
	assert_resolves(&(struct question){.base = base, .packages = "a"}, "a=1 z=1");
	assert_resolves(&(struct question){.base = base, .packages = "c"}, "b=1 c=1");
	assert_resolves(&(struct question){.base = base, .packages = "a b"}, "a=1 b=1");
	assert_resolves(
		&(struct question){.base = base, .packages = "a", .without = "z"}, "a=1 b=1");
}

static void an_alternative_gives_way_to_what_must_come(void **state)
{
	(void)state;
	assert_resolves(
		&(struct question){.base = STANZAS("a 1; Depends: first | second, user",
					   "first 1; Conflicts: second", "second 1",
					   "user 1; Depends: deep", "deep 1; Depends: second"),
			.packages = "a"},
		"a=1 deep=1 second=1 user=1");
}

static void virtual_packages_are_provided(void **state)
{
	const char *const *base = STANZAS("a 1; Depends: mta", "exim 1; Provides: mta",
		"postfix 1; Provides: mta; Priority: standard", "b 1; Depends: api (>= 2)",
		"old 1; Provides: api (= 1)", "bare 1; Provides: api", "new 1; Provides: api (= 3)",
		"only 1; Provides: lonely");

	(void)state;
	assert_resolves(&(struct question){.base = base, .packages = "a"}, "a=1 postfix=1");
	assert_resolves(&(struct question){.base = base, .packages = "a exim"}, "a=1 exim=1");
	assert_resolves(&(struct question){.base = base, .packages = "b"}, "b=1 new=1");
	assert_resolves(&(struct question){.base = base, .packages = "lonely"}, "only=1");
	assert_refused(&(struct question){.base = base, .packages = "mta"},
		"r.yaml:10:1: `mta` is no package, but a name that several provide: "
		"name one of exim, postfix");
}

static void recommendations_are_followed(void **state)
{
	const char *const *base = STANZAS("e 1; Essential: yes; Recommends: never",
		"a 1; Depends: b; Recommends: gone | c, d", "b 1; Recommends: f (>= 2) | e",
		"c 1; Depends: deep", "deep 1; Recommends: last", "last 1", "never 1",
		"d 1; Depends: gone", "f 1", "g 1; Recommends: h | i", "h 1; Conflicts: g", "i 1");
	struct question question = {
		.base = base, .packages = "a", .base_system = "minbase", .recommends = true};

	(void)state;
	assert_resolves(&question, "a=1 b=1 c=1 deep=1 e=1 last=1");
	question.without = "deep";
	assert_resolves(&question, "a=1 b=1 e=1");
	question.without = "last d";
	assert_resolves(&question, "a=1 b=1 c=1 deep=1 e=1");
	question.packages = "g";
	assert_resolves(&question, "e=1 g=1 i=1");
	question.recommends = false;
	assert_resolves(&question, "e=1 g=1");
}

static void versions_can_be_pinned(void **state)
{
	const char *const *base = STANZAS("a 1:1", "a 1:2", "b 1; Depends: a (>= 1:2)");
	const char *const *security = STANZAS("a 1:3");

	(void)state;
	assert_resolves(&(struct question){.base = base, .security = security, .packages = "a=1:1"},
		"a=1:1");
	assert_resolves(
		&(struct question){.base = base, .security = security, .packages = "a/bookworm b"},
		"a=1:2 b=1");
	assert_resolves(
		&(struct question){.base = base, .security = security, .packages = "a/stable"},
		"a=1:2");
	assert_refused(&(struct question){.base = base, .security = security, .packages = "a=9"},
		"r.yaml:10:1: no such version: `a=9`; the archive has 1:1 in bookworm, "
		"1:2 in bookworm, 1:3 in bookworm-security");
	assert_refused(
		&(struct question){.base = base, .security = security, .packages = "a=1:1 b"},
		"r.yaml:10:2: the packages cannot be installed together:\n"
		"    the recipe asks for b\n"
		"    b depends on a (>= 1:2), which no package provides; the archive has a 1:3");
}

static void of_alternatives_the_first_that_there_is_counts(void **state)
{
	const char *const *base =
		STANZAS("old 2", "both 1; Provides: name", "a 1", "pinned 1", "pinned 2");

	(void)state;
	assert_resolves(&(struct question){.base = base, .packages = "new|old|both"}, "old=2");
	assert_resolves(&(struct question){.base = base, .packages = "name|old"}, "both=1");
	assert_resolves(
		&(struct question){.base = base, .packages = "new|pinned=1 a"}, "a=1 pinned=1");
	assert_refused(&(struct question){.base = base, .packages = "a new|qqq"},
		"r.yaml:10:2: unknown package `qqq`");
	assert_refused(&(struct question){.base = base, .packages = "old|a", .without = "old"},
		"r.yaml:10:1: `old` is also in `without`");
}

static void unknown_packages_are_named(void **state)
{
	const char *const *base = STANZAS("nginx-light 1", "openssh-server 1");

	(void)state;
	assert_refused(&(struct question){.base = base, .packages = "nginx-ligth"},
		"r.yaml:10:1: unknown package `nginx-ligth`; did you mean `nginx-light`?");
	assert_refused(&(struct question){.base = base, .packages = "nginx-light qqq"},
		"r.yaml:10:2: unknown package `qqq`");
	assert_refused(
		&(struct question){
			.base = base, .packages = "openssh-server", .without = "openssh-server"},
		"r.yaml:10:1: `openssh-server` is also in `without`");
}

static void conflicts_are_explained(void **state)
{
	const char *const *base = STANZAS("a 1; Depends: c (>= 2)", "b 1; Depends: d", "c 2",
		"d 1; Conflicts: c", "e 1; Depends: f (>= 2)", "f 1", "g 1; Breaks: a (<< 2)");

	(void)state;
	assert_refused(&(struct question){.base = base, .packages = "a b"},
		"r.yaml:10:1: the packages cannot be installed together:\n"
		"    the recipe asks for a\n"
		"    the recipe asks for b\n"
		"    b depends on d\n"
		"    a depends on c (>= 2)\n"
		"    d conflicts with c");
	assert_refused(&(struct question){.base = base, .packages = "b e"},
		"r.yaml:10:2: the packages cannot be installed together:\n"
		"    the recipe asks for e\n"
		"    e depends on f (>= 2), which no package provides; the archive has f 1");
	assert_refused(&(struct question){.base = base, .packages = "g a"},
		"r.yaml:10:1: the packages cannot be installed together:\n"
		"    the recipe asks for g\n"
		"    the recipe asks for a\n"
		"    g conflicts with a (<< 2), which is a 1");
}

static void a_forbidden_package_names_its_chain(void **state)
{
	const char *const *base = STANZAS("web 1; Depends: common, tools", "common 1; Depends: net",
		"net 1; Depends: wifi | radio", "tools 1", "wifi 1", "radio 1",
		"sys 1; Priority: required; Depends: wifi");

	(void)state;
	assert_resolves(&(struct question){.base = base, .packages = "web", .without = "wifi"},
		"common=1 net=1 radio=1 tools=1 web=1");
	assert_refused(
		&(struct question){.base = base, .packages = "web", .without = "wifi radio tools"},
		"r.yaml:21:1: wifi is forbidden by `without`, but needed: web depends on common, "
		"which depends on net, which depends on wifi");
	assert_refused(&(struct question){.base = base,
			       .packages = "tools",
			       .without = "wifi",
			       .base_system = "minbase"},
		"r.yaml:21:1: wifi is forbidden by `without`, but needed: sys depends on wifi");
}

static void a_package_must_be_fetchable(void **state)
{
	static const char *const damage[] = {
		"SHA256: zz", "Size: 0", "Size: x", "Filename: /etc/passwd", "Filename: a/../../b"};

	(void)state;
	for (size_t i = 0; i < array_count(damage); i++) {
		cleanup_free char *index = xasprintf("%s\nPackage: a\nVersion: 1\n"
						     "Architecture: amd64\nFilename: p\nSize: 1\n"
						     "SHA256: %064d\n",
			damage[i], 0);
		static const struct found_suite suite = {SUITE_BASE, "bookworm", "", {0}, NULL};
		struct index_file file = {
			.suite = &suite, .architecture = "amd64", .text = span_of(index)};
		struct index_files files = {&file, 1, 1};
		struct arena arena = {0};
		struct package package;
		struct catalog catalog;
		struct error err = {0};

		assert_ok(catalog_load(&files, "amd64", &catalog, &err), &err);
		assert_fails(catalog_package(&catalog, catalog_candidate(&catalog, "a"), &arena,
				     &package, &err),
			&err, STATUS_ARCHIVE, "no usable Filename, Size and SHA256");
		catalog_release(&catalog);
		arena_release(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_newest_version_of_all_suites_wins),
		cmocka_unit_test(a_base_system_has_what_it_says),
		cmocka_unit_test(the_first_alternative_wins),
		cmocka_unit_test(an_alternative_gives_way_to_what_must_come),
		cmocka_unit_test(virtual_packages_are_provided),
		cmocka_unit_test(recommendations_are_followed),
		cmocka_unit_test(versions_can_be_pinned),
		cmocka_unit_test(of_alternatives_the_first_that_there_is_counts),
		cmocka_unit_test(unknown_packages_are_named),
		cmocka_unit_test(conflicts_are_explained),
		cmocka_unit_test(a_forbidden_package_names_its_chain),
		cmocka_unit_test(a_package_must_be_fetchable),
	};

	return cmocka_run_group_tests_name("archive-resolve", tests, NULL, NULL);
}
