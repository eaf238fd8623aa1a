/* Which mirrors a suite is looked for on: suite scripts, the host's apt sources, the recipe. */
#include <fcntl.h>

#include "archive/mirror.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "support/test.h"

static void write_text(const char *path, const char *text)
{
	struct error err = {0};

	assert_ok(file_write_text(AT_FDCWD, path, text, 0755, &err), &err);
}

static void make_directory(const char *path)
{
	struct error err = {0};

	assert_ok(directory_make(AT_FDCWD, path, &err), &err);
}

/* Scripts of two distributions, and a debootstrap that names the first one's mirror. */
static int set_up(void **state)
{
	if (enter_scratch(state))
		return -1;
	make_directory("debootstrap/scripts");
	make_directory("bin");
	write_text("bin/debootstrap",
		"#!/bin/sh\nset -e\nDEF_MIRROR=\"http://deb.example/debian\"\n"
		"DEF_HTTPS_MIRROR=\"https://deb.example/debian\"\n");
	write_text("debootstrap/scripts/bookworm",
		"mirror_style release\nkeyring /usr/share/keyrings/debian-archive-keyring.gpg\n");
	write_text("debootstrap/scripts/trixie",
		"keyring /usr/share/keyrings/debian-archive-keyring.gpg\n");
	write_text("debootstrap/scripts/jammy",
		"case $ARCH in\n  amd64|i386)\n\tcase $SUITE in\n\t  gutsy|hardy)\n"
		"\tdefault_mirror http://old.example/ubuntu\n\t  ;;\n\t  *)\n"
		"\tdefault_mirror http://archive.example/ubuntu/\n\t;;\n\tesac\n\t;;\n  *)\n"
		"\tdefault_mirror http://ports.example/ubuntu-ports\n\t;;\nesac\n"
		"keyring /usr/share/keyrings/ubuntu-archive-keyring.gpg\n");
	write_text("debootstrap/scripts/debian-common", "");
	setenv("DEBOOTSTRAP_DIR", "debootstrap", 1);
	setenv("PATH", "bin", 1);
	return 0;
}

static void find(
	const char *name, const char *architecture, struct arena *arena, struct suite *ret_suite)
{
	struct error err = {0};

	assert_ok(suite_find((struct word){.text = name}, architecture, arena, ret_suite, &err),
		&err);
}

static void reads_suite_scripts(void **state)
{
	struct arena arena = {0};
	struct suite suite;

	(void)state;
	find("bookworm", "amd64", &arena, &suite);
	assert_string_equal(suite.default_mirror, "http://deb.example/debian");
	assert_string_equal(suite.keyring, "/usr/share/keyrings/debian-archive-keyring.gpg");
	find("jammy", "amd64", &arena, &suite);
	assert_string_equal(suite.default_mirror, "http://archive.example/ubuntu");
	find("jammy", "arm64", &arena, &suite);
	assert_string_equal(suite.default_mirror, "http://ports.example/ubuntu-ports");
	assert_string_equal(suite.keyring, "/usr/share/keyrings/ubuntu-archive-keyring.gpg");
	arena_release(&arena);
}

static void names_the_nearest_suite(void **state)
{
	struct word word = {"bookwrom", {"recipe.yaml", 4, 8}};
	struct arena arena = {0};
	struct suite suite;
	struct error err = {0};

	(void)state;
	assert_fails(suite_find(word, "amd64", &arena, &suite, &err), &err, STATUS_RECIPE,
		"recipe.yaml:4:8: unknown suite `bookwrom`; did you mean `bookworm`?");
	word.text = "debian-common";
	assert_fails(suite_find(word, "amd64", &arena, &suite, &err), &err, STATUS_RECIPE,
		"unknown suite");
	word.text = "../bookworm";
	assert_fails(suite_find(word, "amd64", &arena, &suite, &err), &err, STATUS_RECIPE,
		"unknown suite");
	arena_release(&arena);
}

static void assert_mirrors(const struct suite_place *place, const char *name, const char *expected)
{
	cleanup_buffer struct buffer text = {0};

	assert_string_equal(place->name, name);
	buffer_text(&text, "");
	for (size_t i = 0; i < place->mirror_count; i++)
		buffer_printf(&text, "%s%s", i ? " " : "", place->mirrors[i]);
	assert_string_equal(text.data, expected);
}

static void the_recipes_mirror_wins(void **state)
{
	struct apt_source source = {"http://host.example/debian", "bookworm", NULL};
	struct apt_sources host = {&source, 1, 1};
	struct suite_place places[SUITE_KINDS];
	struct arena arena = {0};
	struct suite suite;

	(void)state;
	find("bookworm", "amd64", &arena, &suite);
	mirrors_choose(&suite, "http://mirror.example/debian//", &host, &arena, places);
	assert_mirrors(&places[SUITE_BASE], "bookworm", "http://mirror.example/debian");
	assert_mirrors(&places[SUITE_UPDATES], "bookworm-updates", "http://mirror.example/debian");
	assert_mirrors(&places[SUITE_SECURITY], "bookworm-security",
		"http://mirror.example/debian-security http://mirror.example/debian");
	assert_true(places[SUITE_BASE].named);
	mirrors_choose(&suite, "http://mirror.example/", &host, &arena, places);
	assert_mirrors(&places[SUITE_SECURITY], "bookworm-security", "http://mirror.example");
	arena_release(&arena);
}

static void choose_for(const char *name, struct arena *arena, struct suite_place *places)
{
	struct apt_sources host;
	struct suite suite;

	find(name, "amd64", arena, &suite);
	apt_sources_read("apt", arena, &host);
	mirrors_choose(&suite, NULL, &host, arena, places);
	vector_release(&host);
}

static void the_hosts_sources_come_next(void **state)
{
	struct suite_place places[SUITE_KINDS];
	struct arena arena = {0};

	(void)state;
	make_directory("apt/sources.list.d");
	write_text("apt/sources.list",
		"# deb http://comment.example/debian bookworm main\n"
		"deb-src http://source.example/debian bookworm main\n"
		"deb cdrom:[Debian 12]/ bookworm main\n"
		"deb [signed-by=/etc/keys/vendor.gpg] http://vendor.example/apt bookworm main\n"
		"deb [ arch=amd64 signed-by=/usr/share/keyrings/debian-archive-bookworm.gpg ] "
		"http://one.example/debian/ bookworm contrib main # ours\n"
		"deb http://tools.example/ tools main\n");
	write_text("apt/sources.list.d/security.sources",
		"Types: deb\nEnabled: no\nURIs: http://off.example/debian-security\n"
		"Suites: bookworm-security\nComponents: main\n\n"
		"Types: deb deb-src\nURIs: http://two.example/debian-security\n"
		"Suites: bookworm-security\nComponents: main\nSigned-By:\n -----BEGIN\n");
	choose_for("bookworm", &arena, places);
	assert_mirrors(&places[SUITE_BASE], "bookworm",
		"http://one.example/debian http://deb.example/debian");
	assert_mirrors(&places[SUITE_UPDATES], "bookworm-updates",
		"http://one.example/debian http://deb.example/debian");
	assert_mirrors(&places[SUITE_SECURITY], "bookworm-security",
		"http://two.example/debian-security http://one.example/debian-security "
		"http://one.example/debian http://deb.example/debian-security "
		"http://deb.example/debian");
	choose_for("trixie", &arena, places); /* the same distribution's */
	assert_mirrors(&places[SUITE_BASE], "trixie",
		"http://one.example/debian http://deb.example/debian");
	choose_for("jammy", &arena, places); /* another distribution's */
	assert_mirrors(&places[SUITE_BASE], "jammy", "http://archive.example/ubuntu");
	arena_release(&arena);
}

static void the_guest_gets_no_private_mirror(void **state)
{
	struct arena arena = {0};
	struct suite suite;

	(void)state;
	find("bookworm", "amd64", &arena, &suite);
	assert_string_equal(mirror_for_guest(&suite, NULL, "http://host.example/debian", &arena),
		"http://deb.example/debian");
	assert_string_equal(
		mirror_for_guest(&suite, NULL, "http://host.example/debian-security", &arena),
		"http://deb.example/debian-security");
	assert_string_equal(mirror_for_guest(&suite, "file:///srv", "file:///srv", &arena),
		"http://deb.example/debian");
	assert_string_equal(
		mirror_for_guest(&suite, "http://m.example/d", "http://m.example/d", &arena),
		"http://m.example/d");
	suite = (struct suite){.name = "unheard-of"};
	assert_null(mirror_for_guest(&suite, "file:///srv", "file:///srv", &arena));
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_suite_scripts),
		cmocka_unit_test(names_the_nearest_suite),
		cmocka_unit_test(the_recipes_mirror_wins),
		cmocka_unit_test(the_hosts_sources_come_next),
		cmocka_unit_test(the_guest_gets_no_private_mirror),
	};

	return cmocka_run_group_tests_name("archive-mirror", tests, set_up, leave_scratch);
}
