#include "archive/releases.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
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
	char *file, *signature; /* where they are put; owned by the arena, as are those below */
	char *content;          /* where what was signed is put */
};

/* All that one call looks for. */
struct quest {
	struct search *searches;
	size_t count;
	const struct store *store;
	struct arena *arena;
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
static int search_mirrors(const struct quest *quest, struct error *err)
{
	struct download *downloads =
		arena_alloc(quest->arena, 2 * quest->count * sizeof(*downloads));
	size_t *counts = arena_alloc(quest->arena, quest->count * sizeof(*counts));

	for (;;) {
		size_t count = 0;
		for (size_t i = 0; i < quest->count; i++) {
			const struct search *search = &quest->searches[i];
			counts[i] = is_open(search) ? next_downloads(search, quest->arena,
							      &downloads[count])
						    : 0;
			count += counts[i];
		}
		if (!count)
			return 0;
		if (downloads_run(downloads, count, err))
			return -1;
		for (size_t i = 0, at = 0; i < quest->count; at += counts[i++])
			if (counts[i])
				advance(&quest->searches[i], &downloads[at], counts[i]);
	}
}

/* Where the store keeps a Release of the mirror being asked; signed inline or, apart, its parts. */
static char *kept_path(const struct quest *quest, const struct search *search, const char *name)
{
	cleanup_free char *path =
		store_release_path(quest->store, address(search, name, quest->arena));

	return arena_strdup(quest->arena, path);
}

/* The store instead of the mirrors. */
static void search_store(const struct quest *quest, struct search *search)
{
	for (; is_open(search); search->mirror += search->apart, search->apart = !search->apart) {
		search->file = kept_path(quest, search, search->apart ? "Release" : "InRelease");
		search->signature = kept_path(quest, search, "Release.gpg");
		search->found = file_exists(AT_FDCWD, search->file) &&
				(!search->apart || file_exists(AT_FDCWD, search->signature));
		if (search->found)
			return;
	}
}

/* Keeps a Release that was found good, for builds that are offline. */
static int keep(const struct quest *quest, const struct search *search, struct error *err)
{
	const char *inline_path = kept_path(quest, search, "InRelease");
	const char *path = kept_path(quest, search, "Release");
	const char *signature = kept_path(quest, search, "Release.gpg");

	if (!search->apart)
		return rename(search->file, inline_path)
			       ? error_errno(err, errno, "%s", inline_path)
			       : 0;
	/* What is signed inline is looked for first. */
	if (unlink(inline_path) && errno != ENOENT)
		return error_errno(err, errno, "%s", inline_path);
	if (rename(search->signature, signature) || rename(search->file, path))
		return error_errno(err, errno, "%s", path);
	return 0;
}

/* The text that the keyring's owner signed. */
static int read_signed(
	const struct search *search, struct arena *arena, struct span *ret_text, struct error *err)
{
	const char *content = search->apart ? search->file : search->content;
	cleanup_buffer struct buffer text = {0};

	if (signature_check(search->place->keyring, search->file,
		    search->apart ? search->signature : NULL, search->apart ? NULL : content,
		    err) ||
		file_read(AT_FDCWD, content, RELEASE_LIMIT, &text, err))
		return -1;
	*ret_text = span_of(arena_strdup(arena, text.data));
	return 0;
}

/* Offline nobody can do better than an expired Release. */
static int check(const struct found_suite *suite, const struct store *store, struct error *err)
{
	uint64_t now = suite->place->as_of ? suite->place->as_of : (uint64_t)time(NULL);

	if (release_check(&suite->release, suite->name, 0, err))
		return -1;
	if (!release_check(&suite->release, suite->name, now, err))
		return 0;
	if (!store->offline)
		return -1;
	log_warning("%s/dists/%s: %s", suite->mirror, suite->name, err->message);
	error_release(err);
	return 0;
}

static int accept(const struct quest *quest, const struct search *search,
	struct found_suites *found, struct error *err)
{
	struct found_suite suite = {.kind = search->place->kind,
		.name = search->place->name,
		.mirror = search->place->mirrors[search->mirror],
		.place = search->place};
	const char *name = search->apart ? "Release" : "InRelease";
	struct span text;

	if (read_signed(search, quest->arena, &text, err) ||
		release_parse(text, quest->arena, &suite.release, err) ||
		check(&suite, quest->store, err))
		return error_wrap(err, "%s", address(search, name, quest->arena));
	found->items[found->count++] = suite;
	return 0;
}

/* Whether a distribution keeps updates and security suites beside this base suite. */
static bool has_siblings(const struct release *base)
{
	return (text_equal(base->origin, "Debian") || text_equal(base->origin, "Ubuntu")) &&
	       !text_equal(base->suite, "unstable") && !text_equal(base->suite, "experimental");
}

static int judge_missing(const struct quest *quest, const struct search *search,
	const struct found_suites *found, struct error *err)
{
	const struct suite_place *place = search->place;
	const char *mirror = place->mirrors[0];
	bool siblings = found->count && has_siblings(&found->items[0].release);

	if (!place->mirror_count) /* the recipe goes without */
		return 0;
	if (quest->store->offline && (place->kind == SUITE_BASE || place->kind == SUITE_EXTRA))
		return error_set(err, STATUS_ARCHIVE,
			"%s/dists/%s: offline, and not in the store; fetch it by one run that is "
			"not offline",
			mirror, place->name);
	if (place->unknown)
		return error_set(err, STATUS_RECIPE, "%s, and %s has none of that name",
			place->unknown, mirror);
	if (place->kind == SUITE_BASE || place->kind == SUITE_EXTRA)
		return error_set(err, STATUS_ARCHIVE,
			"%s/dists/%s: no such suite on the mirror; check `mirror:` and `suite:`",
			mirror, place->name);
	if (!siblings)
		return 0;
	if (!place->named)
		return error_set(err, STATUS_ARCHIVE,
			"%s/dists/%s: no such suite on the mirror, so its updates would be missing",
			mirror, place->name);
	log_warning("%s/dists/%s: no such suite on the mirror: nothing is installed from it",
		mirror, place->name);
	return 0;
}

static int accept_all(const struct quest *quest, struct found_suites *ret_found, struct error *err)
{
	struct found_suites found = {
		.items = arena_alloc(quest->arena, quest->count * sizeof(*found.items))};

	for (size_t i = 0; i < quest->count; i++) {
		const struct search *search = &quest->searches[i];
		if (search->found ? accept(quest, search, &found, err)
				  : judge_missing(quest, search, &found, err))
			return -1;
	}
	/* All or none: a suite must not be missing offline because something was wrong with it. */
	for (size_t i = 0; !quest->store->offline && i < quest->count; i++)
		if (quest->searches[i].found && keep(quest, &quest->searches[i], err))
			return -1;
	*ret_found = found;
	return 0;
}

int releases_fetch(const struct suite_place *places, size_t count, const struct store *store,
	struct arena *arena, struct found_suites *ret_found, struct error *err)
{
	cleanup_work struct work_directory work = {0};
	struct quest quest = {.searches = arena_alloc(arena, count * sizeof(*quest.searches)),
		.count = count,
		.store = store,
		.arena = arena};

	if (store_work_directory(store, "releases", &work, err))
		return -1;
	for (size_t i = 0; i < count; i++) {
		struct search *search = &quest.searches[i];
		search->place = &places[i];
		search->file = arena_printf(arena, "%s/%zu", work.path, i);
		search->signature = arena_printf(arena, "%s.gpg", search->file);
		search->content = arena_printf(arena, "%s.content", search->file);
		if (store->offline)
			search_store(&quest, search);
	}
	if (!store->offline && search_mirrors(&quest, err))
		return -1;
	return accept_all(&quest, ret_found, err);
}
