#include "archive/mirror.h"

#include <string.h>
#include <time.h>

#include "base/text.h"

static const char *const suffixes[SUITE_KINDS] = {"", "-updates", "-security"};

static enum suite_kind kind_of(const char *suite)
{
	for (enum suite_kind kind = SUITE_UPDATES; kind < SUITE_KINDS; kind++)
		if (text_ends(suite, suffixes[kind]))
			return kind;
	return SUITE_BASE;
}

/* "debian" of "/usr/share/keyrings/debian-archive-bookworm-stable.gpg": its length at ret_name. */
static size_t distribution_of(const char *keyring, const char **ret_name)
{
	const char *slash = strrchr(keyring, '/');
	const char *name = slash ? slash + 1 : keyring;

	*ret_name = name;
	return strcspn(name, "-.");
}

static bool same_distribution(const char *keyring, const char *other)
{
	const char *a, *b;
	size_t length = distribution_of(keyring, &a);

	return length == distribution_of(other, &b) && !memcmp(a, b, length);
}

/* Whether the host's source is one of the suite's distribution: its own suite is known, with a
 * keyring of that distribution, and the host trusts no other keys for it. */
static bool is_sibling(
	const struct suite *suite, const struct apt_source *source, struct arena *arena)
{
	size_t length = strlen(source->suite) - strlen(suffixes[kind_of(source->suite)]);
	char *base = arena_printf(arena, "%.*s", (int)length, source->suite);
	struct word word = {.text = base};
	struct suite known = {0};
	struct error ignored = {0};

	if (suite_find(word, "", arena, &known, &ignored)) {
		error_release(&ignored);
		return false;
	}
	if (!suite->keyring || !known.keyring || !same_distribution(suite->keyring, known.keyring))
		return false;
	return !source->signed_by || same_distribution(suite->keyring, source->signed_by);
}

static void add(struct suite_place *place, const char *mirror)
{
	for (size_t i = 0; i < place->mirror_count; i++)
		if (text_equal(place->mirrors[i], mirror))
			return;
	if (mirror)
		place->mirrors[place->mirror_count++] = mirror;
}

/* The host's mirror of that kind: for the same suite, else for another one of the distribution. */
static const char *host_mirror(const struct suite *suite, enum suite_kind kind,
	const struct apt_sources *host, struct arena *arena)
{
	char *wanted = arena_printf(arena, "%s%s", suite->name, suffixes[kind]);
	const char *other = NULL;

	vector_for_each (source, host) {
		if (kind_of(source->suite) != kind || !is_sibling(suite, source, arena))
			continue;
		if (!strcmp(source->suite, wanted))
			return source->uri;
		if (!other)
			other = source->uri;
	}
	return other;
}

/* Debian keeps security updates on a mirror of their own, beside it; others keep them on it. */
static void add_beside(struct suite_place *place, const char *mirror, struct arena *arena)
{
	const char *host = mirror ? strstr(mirror, "//") : NULL;
	bool has_path = mirror && strchr(host ? host + 2 : mirror, '/');

	if (has_path && place->kind == SUITE_SECURITY)
		add(place, arena_printf(arena, "%s%s", mirror, suffixes[SUITE_SECURITY]));
	add(place, mirror);
}

const char *mirror_without_slash(const char *mirror, struct arena *arena)
{
	size_t length = strlen(mirror);

	while (length > 1 && mirror[length - 1] == '/')
		length--;
	return arena_printf(arena, "%.*s", (int)length, mirror);
}

void mirrors_choose(const struct suite *suite, const char *recipe_mirror,
	const struct apt_sources *host, struct arena *arena, struct suite_place *ret_places)
{
	for (enum suite_kind kind = SUITE_BASE; kind < SUITE_KINDS; kind++) {
		struct suite_place *place = &ret_places[kind];
		*place = (struct suite_place){.kind = kind,
			.named = recipe_mirror != NULL,
			.name = arena_printf(arena, "%s%s", suite->name, suffixes[kind])};
		if (recipe_mirror) {
			add_beside(place, mirror_without_slash(recipe_mirror, arena), arena);
			continue;
		}
		add(place, host_mirror(suite, kind, host, arena));
		add_beside(place, host_mirror(suite, SUITE_BASE, host, arena), arena);
		add_beside(place, suite->default_mirror, arena);
	}
}

void mirrors_as_of(struct suite_place *places, size_t count, const char *date, struct arena *arena)
{
	struct tm time = {0};

	strptime(date, "%Y%m%dT%H%M%SZ", &time);
	for (size_t i = 0; i < count; i++) {
		places[i].as_of = timegm(&time);
		for (size_t j = 0; j < places[i].mirror_count; j++)
			places[i].mirrors[j] =
				arena_printf(arena, "%s/%s", places[i].mirrors[j], date);
	}
}

const char *mirror_for_guest(const struct suite *suite, const char *recipe_mirror,
	const char *mirror, struct arena *arena)
{
	if (recipe_mirror && !text_starts(recipe_mirror, "file:"))
		return mirror;
	if (!suite->default_mirror)
		return NULL;
	return arena_printf(arena, "%s%s", suite->default_mirror,
		text_ends(mirror, suffixes[SUITE_SECURITY]) ? suffixes[SUITE_SECURITY] : "");
}
