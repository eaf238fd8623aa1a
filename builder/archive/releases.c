#include "archive/releases.h"

#include <fcntl.h>
#include <time.h>

#include "archive/download.h"
#include "archive/signature.h"
#include "base/cleanup.h"
#include "base/log.h"

enum { RELEASE_LIMIT = 16 * 1024 * 1024, SIGNATURE_LIMIT = 1024 * 1024 };

/* A suite being looked for: on one mirror after another, signed inline (InRelease), then apart. */
struct search {
	const struct suite_place *place;
	size_t mirror; /* index of the one being asked */
	bool apart;    /* Release and Release.gpg */
	bool found;
	char *file, *signature; /* where they are put; owned by the arena */
};

static const char *address(const struct search *search, const char *name, struct arena *arena)
{
	return arena_printf(arena, "%s/dists/%s/%s", search->place->mirrors[search->mirror],
		search->place->name, name);
}

static bool is_open(const struct search *search)
{
	return !search->found && search->mirror < search->place->mirror_count;
}

/* The downloads that the search's next step needs; how many. */
static size_t next_downloads(
	const struct search *search, struct arena *arena, struct download *downloads)
{
	if (!search->apart) {
		downloads[0] = (struct download){address(search, "InRelease", arena), search->file,
			search->place->name, NULL, RELEASE_LIMIT, true, false};
		return 1;
	}
	downloads[0] = (struct download){address(search, "Release", arena), search->file,
		search->place->name, NULL, RELEASE_LIMIT, true, false};
	downloads[1] = (struct download){address(search, "Release.gpg", arena), search->signature,
		search->place->name, NULL, SIGNATURE_LIMIT, true, false};
	return 2;
}

static void advance(struct search *search, const struct download *downloads, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!downloads[i].absent)
			continue;
		search->mirror += search->apart;
		search->apart = !search->apart;
		return;
	}
	search->found = true;
}

/* Asks for all suites at once, again and again until each is found or was nowhere. */
static int search_all(struct search *searches, struct arena *arena, struct error *err)
{
	for (;;) {
		struct download downloads[2 * SUITE_KINDS];
		size_t counts[SUITE_KINDS] = {0}, count = 0;

		for (size_t i = 0; i < SUITE_KINDS; i++)
			if (is_open(&searches[i]))
				count += counts[i] =
					next_downloads(&searches[i], arena, &downloads[count]);
		if (!count)
			return 0;
		if (downloads_run(downloads, count, err))
			return -1;
		for (size_t i = 0, at = 0; i < SUITE_KINDS; at += counts[i++])
			if (counts[i])
				advance(&searches[i], &downloads[at], counts[i]);
	}
}

/* The text that the keyring's owner signed. */
static int read_signed(const struct search *search, const char *keyring, struct arena *arena,
	struct span *ret_text, struct error *err)
{
	const char *content =
		search->apart ? search->file : arena_printf(arena, "%s.content", search->file);
	cleanup_buffer struct buffer text = {0};

	if (signature_check(keyring, search->file, search->apart ? search->signature : NULL,
		    search->apart ? NULL : content, err) ||
		file_read(AT_FDCWD, content, RELEASE_LIMIT, &text, err))
		return -1;
	*ret_text = span_of(arena_strdup(arena, text.data));
	return 0;
}

static int accept(const struct search *search, const char *keyring, struct arena *arena,
	struct found_suites *found, struct error *err)
{
	struct found_suite suite = {.kind = search->place->kind,
		.name = search->place->name,
		.mirror = search->place->mirrors[search->mirror]};
	struct span text;

	if (read_signed(search, keyring, arena, &text, err) ||
		release_parse(text, arena, &suite.release, err) ||
		release_check(&suite.release, suite.name, time(NULL), err))
		return error_wrap(
			err, "%s", address(search, search->apart ? "Release" : "InRelease", arena));
	found->items[found->count++] = suite;
	return 0;
}

/* Whether a distribution keeps updates and security suites beside this base suite. */
static bool has_siblings(const struct release *base)
{
	return (text_equal(base->origin, "Debian") || text_equal(base->origin, "Ubuntu")) &&
	       !text_equal(base->suite, "unstable") && !text_equal(base->suite, "experimental");
}

static int judge_missing(
	const struct search *search, const struct found_suites *found, struct error *err)
{
	const struct suite_place *place = search->place;
	const char *mirror = place->mirrors[0];

	if (place->kind == SUITE_BASE)
		return error_set(err, STATUS_ARCHIVE,
			"%s/dists/%s: no such suite on the mirror; check `mirror:` and `suite:`",
			mirror, place->name);
	if (!has_siblings(&found->items[0].release))
		return 0;
	if (!place->named)
		return error_set(err, STATUS_ARCHIVE,
			"%s/dists/%s: no such suite on the mirror, so its updates would be missing",
			mirror, place->name);
	log_warning("%s/dists/%s: no such suite on the mirror: nothing is installed from it",
		mirror, place->name);
	return 0;
}

int releases_fetch(const struct suite_place *places, const char *keyring, const struct store *store,
	struct arena *arena, struct found_suites *ret_found, struct error *err)
{
	cleanup_work struct work_directory work = {0};
	struct search searches[SUITE_KINDS] = {0};
	struct found_suites found = {0};

	if (store_work_directory(store, "releases", &work, err))
		return -1;
	for (size_t i = 0; i < SUITE_KINDS; i++) {
		searches[i].place = &places[i];
		searches[i].file = arena_printf(arena, "%s/%s", work.path, places[i].name);
		searches[i].signature = arena_printf(arena, "%s.gpg", searches[i].file);
	}
	if (search_all(searches, arena, err))
		return -1;
	for (size_t i = 0; i < SUITE_KINDS; i++)
		if (searches[i].found ? accept(&searches[i], keyring, arena, &found, err)
				      : judge_missing(&searches[i], &found, err))
			return -1;
	*ret_found = found;
	return 0;
}
