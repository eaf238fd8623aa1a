#include "resolve.h"

#include "archive/archive.h"
#include "archive/catalog.h"
#include "archive/package-index.h"
#include "base/cleanup.h"
#include "test.h"

enum { WORDS_MOST = 8 };

/* One stanza: `name version; Field: value; ...`. */
static void add_stanza(struct buffer *index, const char *text)
{
	cleanup_free char *copy = xstrdup(text);
	char *rest = copy;
	const char *name = strsep(&rest, " "), *version = strsep(&rest, ";");

	buffer_printf(index,
		"Package: %s\nVersion: %s\nFilename: pool/%s_%s.deb\nSize: 10\nSHA256: %064d\n",
		name, version, name, version, 0);
	if (!rest || !strstr(rest, "Architecture:"))
		buffer_text(index, "Architecture: amd64\n");
	for (const char *field; rest && (field = strsep(&rest, ";"));)
		buffer_printf(index, "%s\n", field + strspn(field, " "));
	buffer_text(index, "\n");
}

/* A suite's index out of stanzas; NULL ends the list. */
static char *write_index(const char *const *stanzas)
{
	struct buffer index = {0};

	buffer_text(&index, "");
	for (; *stanzas; stanzas++)
		add_stanza(&index, *stanzas);
	return index.data;
}

static struct word_list words(struct word *items, const char *text, unsigned line)
{
	struct word_list list = {items, 0, WORDS_MOST};
	static char copies[2][256];
	char *rest = copies[line & 1];

	snprintf(rest, sizeof(copies[0]), "%s", text);
	for (char *word; (word = strsep(&rest, " "));) {
		unsigned column = list.count + 1;
		if (*word)
			list.items[list.count++] = (struct word){word, {"r.yaml", line, column}};
	}
	return list;
}

static char *resolve(const struct question *question, struct error *err)
{
	static const char *const nothing[] = {NULL};
	static const struct found_suite suites[] = {
		{SUITE_BASE, "bookworm", "http://mirror.example/debian",
			{.suite = "stable", .codename = "bookworm"}, NULL},
		{SUITE_SECURITY, "bookworm-security", "http://mirror.example/debian-security",
			{.codename = "bookworm-security"}, NULL},
	};
	cleanup_free char *base = write_index(question->base);
	cleanup_free char *security =
		write_index(question->security ? question->security : nothing);
	cleanup_free char *foreign = write_index(question->foreign ? question->foreign : nothing);
	struct index_file files[] = {
		{.suite = &suites[0], .architecture = "amd64", .text = span_of(base)},
		{.suite = &suites[1], .architecture = "amd64", .text = span_of(security)},
		{.suite = &suites[0], .architecture = "i386", .text = span_of(foreign)}};
	struct package_index index = {.files = {files, question->foreign ? 3 : 2, 3}};
	struct word packages[WORDS_MOST], without[WORDS_MOST];
	struct arena arena = {0};
	struct package_request request = {
		.base = question->base_system ? base_system_find(question->base_system) : NULL,
		.recommends = question->recommends,
		.packages = words(packages, question->packages, 10),
		.without = words(without, question->without ? question->without : "", 21),
		.arena = &arena};
	struct package_list list = {0};
	struct buffer text = {0};

	assert_ok(catalog_load(&index.files, "amd64", &index.catalog, err), err);
	int result = package_index_resolve(&index, &request, &list, err);
	vector_for_each (package, &list) {
		cleanup_free char *name =
			package_full_name(package->name, package->architecture, "amd64");
		buffer_printf(&text, "%s%s=%s", text.length ? " " : "", name, package->version);
	}
	vector_release(&list);
	catalog_release(&index.catalog);
	arena_release(&arena);
	if (!result && !text.data)
		buffer_text(&text, "");
	return text.data;
}

void assert_resolves(const struct question *question, const char *expected)
{
	struct error err = {0};
	cleanup_free char *got = resolve(question, &err);

	if (!got)
		fail_msg("%s", err.message);
	assert_string_equal(got, expected);
}

void assert_refused(const struct question *question, const char *expected)
{
	struct error err = {0};
	cleanup_free char *got = resolve(question, &err);

	assert_null(got);
	assert_int_equal(err.status, STATUS_RECIPE);
	assert_string_equal(err.message, expected);
	error_release(&err);
}
