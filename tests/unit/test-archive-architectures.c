/* Resolving packages of several architectures, judged by what apt would do. */
#include "support/resolve.h"
#include "support/test.h"

static void architectures_and_multiarch(void **state)
{
	(void)state;
	assert_resolves(
		&(struct question){
			.base = STANZAS("a 1; Depends: p:any, q:amd64", "p 1; Architecture: all",
				"q 1", "q 2; Architecture: i386", "n 1; Depends: q:i386"),
			.packages = "a:amd64 p:amd64"},
		"a=1 p=1 q=1");
	assert_refused(
		&(struct question){.base = STANZAS("n 1; Depends: q:i386", "q 1"), .packages = "n"},
		"r.yaml:10:1: the packages cannot be installed together:\n"
		"    the recipe asks for n\n"
		"    n depends on q:i386, which no package provides");
	assert_refused(&(struct question){.base = STANZAS("a 1"), .packages = "a:arm64"},
		"r.yaml:10:1: unknown package `a:arm64`");
}

static void packages_of_two_architectures(void **state)
{
#define I386 "; Architecture: i386"
	struct question question = {
		.base = STANZAS("lib 2; Multi-Arch: same; Provides: abi; Conflicts: abi",
			"tool 1; Multi-Arch: foreign; Provides: helper", "p 3; Multi-Arch: allowed",
			"plain 1", "old 1; Multi-Arch: same", "native 1; Depends: p:any, lib:i386",
			"data 1; Architecture: all; Multi-Arch: foreign", "rival 1; Breaks: app",
			"texts 1; Architecture: all"),
		.foreign = STANZAS("lib 2; Multi-Arch: same; Provides: abi; Conflicts: abi; "
				   "Depends: tool" I386,
			"app 1; Depends: lib (>= 2), p:any (>= 2), helper, data" I386,
			"p 3; Multi-Arch: allowed" I386, "plain 1" I386,
			"old 2; Multi-Arch: same" I386, "needy 1; Depends: texts" I386,
			"e 1; Essential: yes; Priority: required" I386,
			"tool 1; Multi-Arch: foreign" I386, "pinned 1" I386, "pinned 2" I386,
			"data 1; Architecture: all; Multi-Arch: foreign"),
	};
#undef I386

	(void)state;
	question.packages = "lib lib:i386";
	assert_resolves(&question, "lib=2 lib:i386=2 tool=1");
	question.packages = "app:i386";
	assert_resolves(&question, "app:i386=1 data=1 lib:i386=2 p=3 tool=1");
	question.packages = "native";
	assert_resolves(&question, "lib:i386=2 native=1 p=3 tool=1");
	question.packages = "pinned:i386=1 plain:i386/bookworm";
	question.base_system = "minbase";
	assert_resolves(&question, "pinned:i386=1 plain:i386=1");
	question.base_system = NULL;
	question.packages = "plain plain:i386";
	assert_refused(&question, "r.yaml:10:1: the packages cannot be installed together:\n"
				  "    the recipe asks for plain\n"
				  "    the recipe asks for plain:i386\n"
				  "    plain:i386 conflicts with plain:amd64, which is plain 1");
	question.packages = "old old:i386";
	assert_refused(&question, "r.yaml:10:1: the packages cannot be installed together:\n"
				  "    the recipe asks for old\n"
				  "    the recipe asks for old:i386\n"
				  "    old:i386 conflicts with old:amd64 (<> 2), which is old 1");
	question.packages = "rival app:i386";
	assert_refused(&question, "r.yaml:10:1: the packages cannot be installed together:\n"
				  "    the recipe asks for rival\n"
				  "    the recipe asks for app:i386\n"
				  "    rival conflicts with app:i386");
	question.packages = "needy:i386";
	assert_refused(&question,
		"r.yaml:10:1: the packages cannot be installed together:\n"
		"    the recipe asks for needy:i386\n"
		"    needy:i386 depends on texts:i386, which no package provides");
	question.packages = "app:i386";
	question.without = "lib";
	assert_refused(&question, "r.yaml:21:1: lib is forbidden by `without`, but needed: "
				  "app:i386 depends on lib:i386");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(architectures_and_multiarch),
		cmocka_unit_test(packages_of_two_architectures),
	};

	return cmocka_run_group_tests_name("archive-architectures", tests, NULL, NULL);
}
