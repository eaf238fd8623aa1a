/* Loading: what is inherited and from where, defaults, places, and many mistakes at once. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "architecture.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/size.h"
#include "recipe/recipe.h"
#include "support/test.h"

static void write_text(const char *path, const char *text)
{
	struct error err = {0};
	cleanup_free char *directory = xstrdup(path);
	char *slash = strrchr(directory, '/');

	if (slash) {
		*slash = '\0';
		assert_ok(directory_make(AT_FDCWD, directory, &err), &err);
	}
	assert_ok(file_write_text(AT_FDCWD, path, text, 0644, &err), &err);
}

static struct recipe *load(const char *path)
{
	struct recipe *recipe;
	struct error err = {0};

	assert_ok(recipe_load(path, &recipe, &err), &err);
	return recipe;
}

static void assert_words(const struct word_list *list, const char *expected)
{
	cleanup_buffer struct buffer text = {0};

	buffer_text(&text, "");
	vector_for_each (word, list)
		buffer_printf(&text, "%s%s", text.length ? " " : "", word->text);
	assert_string_equal(text.data, expected);
}

static void assert_word(const struct word *word, const char *text, const char *file, unsigned line)
{
	assert_string_equal(word->text, text);
	assert_string_equal(word->at.file, file);
	assert_int_equal(word->at.line, line);
}

/* Each file's names are looked for beside that file. */
static void inheriting(void **state)
{
	(void)state;
	write_text("base/common.yaml", "suite: bookworm\n"
				       "version: 1\n"
				       "packages: [nano, curl]\n"
				       "overlays: [motd]\n"
				       "hooks: [one]\n"
				       "keyring: keys.gpg\n"
				       "disk: {size: 1G}\n");
	write_text("base/overlays/motd/etc/motd", "hello\n");
	write_text("base/hooks/one", "#!/bin/sh\n");
	write_text("base/keys.gpg", "keys\n");
	assert_int_equal(chmod("base/hooks/one", 0755), 0);
	write_text("top/recipes/mine.yaml", "name: mine\n"
					    "from: ../../base/common.yaml\n"
					    "version: 2\n"
					    "packages: [vim-tiny, nano]\n"
					    "overlays: [www]\n");
	write_text("top/overlays/www/index.html", "hello\n");

	cleanup_recipe struct recipe *recipe = load("top/recipes/mine.yaml");
	const char *common = "top/recipes/../../base/common.yaml";
	assert_words(&recipe->packages, "nano curl vim-tiny");
	assert_word(&recipe->packages.items[0], "nano", common, 3);
	assert_word(&recipe->packages.items[2], "vim-tiny", "top/recipes/mine.yaml", 4);
	assert_word(&recipe->version, "2", "top/recipes/mine.yaml", 3);
	assert_word(&recipe->keyring, "top/recipes/../../base/keys.gpg", common, 6);
	assert_int_equal(recipe->disk.size, GIB);
	assert_string_equal(recipe->disk.size_at.file, common);
	assert_words(&recipe->sources, "top/recipes/mine.yaml top/recipes/../../base/common.yaml");

	assert_words(&recipe->overlays, "motd www");
	cleanup_free char *motd =
		recipe_find(recipe->overlays.items[0].at.file, "overlays", "motd");
	assert_string_equal(motd, "top/recipes/../../base/overlays/motd");
	cleanup_free char *www = recipe_find(recipe->path, "overlays", "www");
	assert_string_equal(www, "top/recipes/../overlays/www");
	assert_null(recipe_find(recipe->path, "overlays", "motd"));
}

/* `from: NAME`: beside the recipe, in recipes/ beside it, in recipes/ above it; in this order. */
static void finding(void **state)
{
	static const char *const places[] = {
		"find/recipes/base.yaml", "find/in/recipes/base.yaml", "find/in/base.yaml"};

	(void)state;
	write_text("find/in/heir.yaml", "name: heir\nfrom: base\n");
	for (size_t i = 0; i < array_count(places); i++) {
		cleanup_free char *text = xasprintf("suite: bookworm\nversion: %zu\n", i);
		cleanup_free char *version = xasprintf("%zu", i);
		write_text(places[i], text);
		cleanup_recipe struct recipe *recipe = load("find/in/heir.yaml");
		assert_string_equal(recipe->version.text, version);
	}
	assert_int_equal(chdir("find/in"), 0);
	cleanup_recipe struct recipe *here = load("heir.yaml");
	assert_word(&here->suite, "bookworm", "base.yaml", 1);
	assert_int_equal(chdir("../.."), 0);
}

static void defaults(void **state)
{
	(void)state;
	write_text("plain.yaml", "name: plain\nsuite: bookworm\n");
	cleanup_recipe struct recipe *recipe = load("plain.yaml");
	assert_word(&recipe->architecture, architecture_native()->name, "plain.yaml", 1);
	assert_word(&recipe->hostname, "plain", "plain.yaml", 1);
	assert_null(recipe->mirror.text);
	assert_null(recipe->keyring.text);
	assert_null(recipe->access.password_hash.text);
	assert_false(recipe->access.console_login);
	assert_words(&recipe->components, "main");
	assert_words(&recipe->platforms, "kvm");
	assert_words(&recipe->strip, "");
	assert_int_equal(recipe->hook_timeout, 10 * 60 * 1000);
	assert_int_equal(recipe->disk.firmware, FIRMWARE_BIOS | FIRMWARE_UEFI);
	assert_int_equal(recipe->test.memory, 256 * MIB);
	assert_int_equal(recipe->test.processors, 1);
	assert_int_equal(recipe->test.ready_within, 120 * 1000);
	assert_int_equal(recipe->problems.count, 0);
}

static void keeping(void **state)
{
	(void)state;
	write_text("strip.yaml", "suite: bookworm\nstrip: [documentation, man-pages, locales]\n");
	write_text("keep.yaml", "from: strip\nkeep: [man-pages, locales]\n");
	write_text("again.yaml", "name: again\nfrom: keep\nstrip: [locales]\n");
	cleanup_recipe struct recipe *recipe = load("again.yaml");
	assert_words(&recipe->strip, "documentation locales");
	assert_int_equal(recipe->keep.count, 0);
}

/* One run names them all, in the order of the files; but not without end. */
static void many_problems(void **state)
{
	cleanup_buffer struct buffer text = {0};
	struct recipe *recipe = NULL;
	struct error err = {0};

	(void)state;
	write_text("bad-parent.yaml", "suite: Bookworm\n");
	write_text("bad.yaml", "name: a b\nfrom: bad-parent\n");
	assert_fails(recipe_load("bad.yaml", &recipe, &err), &err, STATUS_RECIPE,
		"bad-parent.yaml:1:8: `Bookworm` is not a suite: lower-case letters, digits, . and "
		"-, such as bookworm\nbad.yaml:1:7: `a b` is not a name");
	assert_null(recipe);

	for (unsigned i = 0; i < 1000; i++)
		buffer_printf(&text, "key-%u: 1\n", i);
	write_text("many.yaml", text.data);
	cleanup_recipe struct recipe *many = recipe_examine("many.yaml");
	assert_int_equal(many->problems.count, 100);
}

static void long_chain(void **state)
{
	(void)state;
	write_text("chain-0.yaml", "suite: bookworm\n");
	for (unsigned i = 1; i < 20; i++) {
		cleanup_free char *path = xasprintf("chain-%u.yaml", i);
		cleanup_free char *text = xasprintf("name: a\nfrom: chain-%u\n", i - 1);
		write_text(path, text);
	}
	recipe_free(load("chain-16.yaml"));
	cleanup_recipe struct recipe *recipe = recipe_examine("chain-17.yaml");
	assert_int_equal(recipe->problems.count, 1);
	assert_non_null(strstr(recipe->problems.items[0].message,
		"more than 16 recipes inherit each other: chain-17.yaml -> chain-16.yaml"));
	assert_string_equal(recipe->problems.items[0].at.file, "chain-1.yaml");
}

/* Messages show what was written, but short, printable and in whole characters. */
static void quoting(void **state)
{
	cleanup_buffer struct buffer text = {0};

	(void)state;
	buffer_text(&text, "name: \"\\n");
	for (unsigned i = 0; i < 100; i++)
		buffer_text(&text, "\xc3\xa9");
	buffer_text(&text, "\"\nsuite: bookworm\n");
	write_text("quote.yaml", text.data);
	cleanup_recipe struct recipe *recipe = recipe_examine("quote.yaml");
	assert_int_equal(recipe->problems.count, 1);
	const char *message = recipe->problems.items[0].message;
	assert_true(text_starts(message, "`?\xc3\xa9"));
	assert_non_null(strstr(message, "\xc3\xa9...` is too long for a name"));
	assert_int_equal(strstr(message, "...") - message, 1 + 63);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inheriting),
		cmocka_unit_test(finding),
		cmocka_unit_test(defaults),
		cmocka_unit_test(keeping),
		cmocka_unit_test(many_problems),
		cmocka_unit_test(long_chain),
		cmocka_unit_test(quoting),
	};

	return cmocka_run_group_tests_name("recipe-load", tests, enter_scratch, leave_scratch);
}
