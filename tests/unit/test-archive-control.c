/* Control data: stanzas, fields, dependencies, Release files. */
#include "archive/dependency.h"
#include "archive/release.h"
#include "support/test.h"

static void assert_span(struct span span, const char *text)
{
	if (!span_equal(span, text))
		fail_msg("\"%.*s\" is not \"%s\"", (int)span.length, span.at, text);
}

static void reads_stanzas_and_fields(void **state)
{
	struct span rest = span_of("\n\nPackage: a\nVersion:1\n\n\n# comment\nPackage:\tb \n"
				   "Description: short\n long\n .\n\tlonger\nno field\nLast: x");
	struct control_field field;
	struct span stanza, value;

	(void)state;
	assert_true(control_next_stanza(&rest, &stanza));
	assert_true(control_next_field(&stanza, &field));
	assert_span(field.name, "Package");
	assert_span(field.value, "a");
	assert_true(control_next_field(&stanza, &field));
	assert_span(field.value, "1");
	assert_false(control_next_field(&stanza, &field));
	assert_true(control_next_stanza(&rest, &stanza));
	assert_true(control_find(stanza, "package", &value));
	assert_span(value, "b");
	assert_true(control_find(stanza, "Description", &value));
	assert_span(value, "short\n long\n .\n\tlonger");
	assert_true(control_find(stanza, "Last", &value));
	assert_span(value, "x");
	assert_false(control_find(stanza, "no field", &value));
	assert_false(control_next_stanza(&rest, &stanza));
}

static void reads_numbers(void **state)
{
	uint64_t number = 7;

	(void)state;
	assert_true(span_number(span_of("18446744073709551615"), &number));
	assert_int_equal(number, UINT64_MAX);
	assert_false(span_number(span_of("18446744073709551616"), &number));
	assert_false(span_number(span_of(""), &number));
	assert_false(span_number(span_of("-1"), &number));
	assert_false(span_number(span_of("1 "), &number));
}

static void reads_dependencies(void **state)
{
	static const struct {
		const char *text, *name, *architecture, *version;
		unsigned relation;
	} cases[] = {
		{"a", "a", "", "", 0},
		{" a:any ", "a", "any", "", 0},
		{"a(>=1)", "a", "", "1", DEPENDENCY_GREATER | DEPENDENCY_EQUAL},
		{"a ( << 1:2-3~ )", "a", "", "1:2-3~", DEPENDENCY_LESS},
		{"a (>> 1)", "a", "", "1", DEPENDENCY_GREATER},
		{"a\n (= 1)", "a", "", "1", DEPENDENCY_EQUAL},
		{"a (< 1)", "a", "", "1", DEPENDENCY_LESS | DEPENDENCY_EQUAL},
		/* malformed: a name that no package has */
		{"a (1)", "a (1)", "", "", 0},
		{"a (>= )", "a (>= )", "", "", 0},
		{"a b", "a b", "", "", 0},
		{":any", ":any", "", "", 0},
	};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		struct span group = span_of(cases[i].text);
		struct dependency dependency;
		assert_true(dependency_next_alternative(&group, &dependency));
		assert_span(dependency.name, cases[i].name);
		assert_span(dependency.architecture, cases[i].architecture);
		assert_span(dependency.version, cases[i].version);
		assert_int_equal(dependency.relation, cases[i].relation);
		assert_false(dependency_next_alternative(&group, &dependency));
	}
}

static void reads_groups_and_alternatives(void **state)
{
	struct span rest = span_of("a | b (>= 2) | c, ,\n d,"), group;
	struct dependency dependency;

	(void)state;
	assert_true(dependency_next_group(&rest, &group));
	for (const char *name = "abc"; *name; name++) {
		assert_true(dependency_next_alternative(&group, &dependency));
		assert_int_equal(*dependency.name.at, *name);
	}
	assert_false(dependency_next_alternative(&group, &dependency));
	assert_true(dependency_next_group(&rest, &group));
	assert_span(group, "d");
	assert_false(dependency_next_group(&rest, &group));
}

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define RELEASE                                              \
	"Suite: stable\nCodename: trixie\n"                  \
	"Date: Sat, 11 Jul 2026 10:16:37 UTC\n"              \
	"Valid-Until: Sat, 18 Jul 2026 10:16:37 +0000\n"     \
	"Architectures: all amd64\nComponents: main extra\n" \
	"MD5Sum:\n 00000000000000000000000000000000 1 main/a\n"
#define FILES "SHA256:\n " HASH " 12 main/a\n " HASH "  3 main/b\n short 3 main/c\n"

static void reads_releases(void **state)
{
	struct arena arena = {0};
	struct release release;
	struct release_file file;
	struct error err = {0};

	(void)state;
	assert_ok(release_parse(span_of(RELEASE FILES), &arena, &release, &err), &err);
	assert_int_equal(release.date, 1783764997);
	assert_int_equal(release.valid_until, 1783764997 + 7 * 86400);
	assert_true(release.all_apart);
	assert_false(release.by_hash);
	assert_true(release_find(&release, "main/b", &file));
	assert_string_equal(file.sha256, HASH);
	assert_int_equal(file.size, 3);
	assert_false(release_find(&release, "main/c", &file));
	assert_false(release_find(&release, "main", &file));
	assert_ok(release_check(&release, "stable", release.date, &err), &err);
	assert_ok(release_check(&release, "trixie", release.valid_until, &err), &err);
	assert_fails(release_check(&release, "trixie", release.valid_until + 1, &err), &err,
		STATUS_ARCHIVE, "expired on 2026-07-18 10:16:37 UTC");
	assert_fails(release_check(&release, "bookworm", 0, &err), &err, STATUS_ARCHIVE,
		"of suite `stable`, codename `trixie`, not of `bookworm`");
	arena_release(&arena);
}

static void refuses_bad_releases(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"", "no Date"},
		{FILES, "no Date"},
		{RELEASE, "no SHA256"},
		{"Date: yesterday\n" FILES, "`yesterday` is no date"},
		{"Date: Sat, 11 Jul 2026 10:16:37 CEST\n" FILES, "is no date in UTC"},
		{"Date: Sat, 11 Jul 1926 10:16:37 UTC\n" FILES, "is no date in UTC"},
	};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		struct arena arena = {0};
		struct release release;
		struct error err = {0};
		assert_fails(release_parse(span_of(cases[i].text), &arena, &release, &err), &err,
			STATUS_ARCHIVE, cases[i].message);
		arena_release(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_stanzas_and_fields),
		cmocka_unit_test(reads_numbers),
		cmocka_unit_test(reads_dependencies),
		cmocka_unit_test(reads_groups_and_alternatives),
		cmocka_unit_test(reads_releases),
		cmocka_unit_test(refuses_bad_releases),
	};

	return cmocka_run_group_tests_name("archive-control", tests, NULL, NULL);
}
