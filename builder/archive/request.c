#include "archive/request.h"

#include <string.h>

#include <solv/evr.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "recipe/package-word.h"

/* A word of the recipe, taken apart. */
struct wish {
	const struct word *word;
	char *text;          /* owned; the parts below lie in it */
	const char *package; /* without the architecture */
	char *name;          /* as the catalog has it; owned */
	const char *version; /* NULL: any */
	const char *suite;
};

static void release_wish(struct wish *wish)
{
	free(wish->text);
	free(wish->name);
}

static struct wish parse(
	const struct word *word, const char *alternative, const struct catalog *catalog)
{
	struct wish wish = {.word = word, .text = xstrdup(alternative)};
	char *end = wish.text + strcspn(wish.text, "=/:");
	const char *architecture = "all";

	wish.package = wish.text;
	while (*end) {
		char separator = *end;
		const char **part = separator == '='   ? &wish.version
				    : separator == '/' ? &wish.suite
						       : &architecture;
		*end++ = '\0';
		*part = end;
		/* A version may itself hold colons. */
		end += strcspn(end, separator == '=' ? "/" : "=/:");
	}
	wish.name = package_full_name(wish.package, architecture, catalog->architecture);
	return wish;
}

/* The names of all packages, for the nearest one. */
static const char *nearest_name(const struct catalog *catalog, const char *name)
{
	struct words names = {0};

	for (Id id = 1; id < catalog->name_end; id++)
		if (catalog->candidates[id])
			vector_push(&names, pool_id2str(catalog->pool, id));
	const char *nearest = text_nearest(name, names.items, names.count);
	vector_release(&names);
	return nearest;
}

/* No package has that name. A virtual one does if a single package provides it. */
static int find_provider(
	const struct catalog *catalog, const struct wish *wish, Id *ret_solvable, struct error *err)
{
	Pool *pool = catalog->pool;
	Id name = pool_str2id(pool, wish->name, 0), only = 0;
	cleanup_buffer struct buffer providers = {0};
	unsigned count = 0;

	if (name)
		provider_for_each (p, pool, name) {
			only = p;
			buffer_printf(
				&providers, "%s%s", count++ ? ", " : "", catalog_name(catalog, p));
		}
	if (count > 1)
		return error_at(err, wish->word->at,
			"`%s` is no package, but a name that several provide: name one of %s",
			wish->name, providers.data);
	if (!count) {
		const char *nearest = nearest_name(catalog, wish->name);
		return error_at(err, wish->word->at, "unknown package `%s`%s%s%s", wish->name,
			nearest ? "; did you mean `" : "", nearest ? nearest : "",
			nearest ? "`?" : "");
	}
	*ret_solvable = only;
	return 0;
}

static bool fits(const struct catalog *catalog, const struct wish *wish, Id solvable)
{
	Pool *pool = catalog->pool;
	const struct found_suite *suite = catalog->entries.items[solvable].file->suite;

	if (wish->suite && strcmp(wish->suite, suite->name) &&
		!text_equal(wish->suite, suite->release.suite) &&
		!text_equal(wish->suite, suite->release.codename))
		return false;
	return !wish->version || !pool_evrcmp_str(pool, catalog_version(catalog, solvable),
					 wish->version, EVRCMP_COMPARE);
}

/* Whether there is such a package, or one that provides it. */
static bool is_known(const struct catalog *catalog, const struct wish *wish)
{
	Pool *pool = catalog->pool;
	Id name = pool_str2id(pool, wish->name, 0);

	if (name)
		provider_for_each (p, pool, name)
			return true;
	return catalog_candidate(catalog, wish->name);
}

/* Of alternatives the first that there is; else the last one, for the message. */
static struct wish choose(const struct word *word, const struct catalog *catalog)
{
	cleanup_free char *text = xstrdup(word->text);
	char *rest = text;
	struct wish wish = parse(word, package_word_next(&rest), catalog);

	while (rest && !is_known(catalog, &wish)) {
		release_wish(&wish);
		wish = parse(word, package_word_next(&rest), catalog);
	}
	return wish;
}

/* The newest version that the wish allows. */
static int find_pinned(const struct catalog *catalog, const struct wish *wish, Id candidate,
	Id *ret_solvable, struct error *err)
{
	Pool *pool = catalog->pool;
	Id name = pool_id2solvable(pool, candidate)->name, best = 0;
	cleanup_buffer struct buffer all = {0};

	for (Id id = 0; id < (Id)catalog->entries.count; id++) {
		const Solvable *solvable = pool_id2solvable(pool, id);
		if (!catalog->entries.items[id].file || solvable->name != name)
			continue;
		buffer_printf(&all, "%s%s in %s", all.length ? ", " : "",
			pool_id2str(pool, solvable->evr),
			catalog->entries.items[id].file->suite->name);
		if (fits(catalog, wish, id) &&
			(!best || pool_evrcmp(pool, solvable->evr,
					  pool_id2solvable(pool, best)->evr, EVRCMP_COMPARE) > 0))
			best = id;
	}
	if (!best)
		return error_at(err, wish->word->at, "no such version: `%s`; the archive has %s",
			wish->word->text, all.data);
	*ret_solvable = best;
	return 0;
}

static int find(
	const struct catalog *catalog, const struct wish *wish, Id *ret_solvable, struct error *err)
{
	Id candidate = catalog_candidate(catalog, wish->name);

	if (!candidate)
		return find_provider(catalog, wish, ret_solvable, err);
	if (wish->version || wish->suite)
		return find_pinned(catalog, wish, candidate, ret_solvable, err);
	*ret_solvable = candidate;
	return 0;
}

static bool is_banned(const struct package_request *request, const char *name)
{
	vector_for_each (word, &request->without)
		if (!strcmp(word->text, name))
			return true;
	return false;
}

/* The root already made of that package; NULL: none. */
static const struct root *find_root(const struct solve *solve, Id solvable)
{
	Pool *pool = solve->catalog->pool;

	vector_for_each (root, &solve->roots)
		if (pool_id2solvable(pool, root->solvable)->name ==
			pool_id2solvable(pool, solvable)->name)
			return root;
	return NULL;
}

/* Of these, `without` may leave out what is not essential. */
static void add_base(const struct package_request *request, struct solve *solve)
{
	const struct catalog *catalog = solve->catalog;
	const struct base_system *base = request->base;

	for (Id id = 1; id < catalog->name_end; id++) {
		Id candidate = catalog->candidates[id];
		const char *name = pool_id2str(catalog->pool, id);
		if (!candidate || strchr(name, ':') || find_root(solve, candidate))
			continue;
		const struct catalog_entry *entry = &catalog->entries.items[candidate];
		bool wanted = entry->priority < base->below || (base->apt && !strcmp(name, "apt"));
		if (entry->essential || (wanted && !is_banned(request, name)))
			vector_push(&solve->roots, ((struct root){candidate, NULL}));
	}
}

static int add_root(const struct package_request *request, const struct word *word, bool pinned,
	struct solve *solve, struct error *err)
{
	cleanup(release_wish) struct wish wish = choose(word, solve->catalog);
	const struct catalog *catalog = solve->catalog;
	Id solvable = 0;

	if (pinned != (wish.version || wish.suite))
		return 0;
	if (is_banned(request, wish.package))
		return error_at(err, word->at, "`%s` is also in `without`", wish.package);
	if (find(catalog, &wish, &solvable, err))
		return -1;
	if (!pinned && find_root(solve, solvable))
		return 0;
	MAPCLR(&solve->considered,
		catalog->candidates[pool_id2solvable(catalog->pool, solvable)->name]);
	MAPSET(&solve->considered, solvable);
	vector_push(&solve->roots, ((struct root){solvable, word}));
	return 0;
}

/* The pinned ones first: a word that names no version is content with the pinned one. */
static int add_roots(const struct package_request *request, struct solve *solve, struct error *err)
{
	for (int pinned = 1; pinned >= 0; pinned--)
		vector_for_each (word, &request->packages)
			if (add_root(request, word, pinned, solve, err))
				return -1;
	return 0;
}

/* False when there is no such package. */
static bool add_ban(struct solve *solve, const struct word *word, const char *architecture)
{
	const struct catalog *catalog = solve->catalog;
	cleanup_free char *name =
		package_full_name(word->text, architecture, catalog->architecture);
	Id candidate = catalog_candidate(catalog, name);

	if (candidate)
		vector_push(&solve->bans, ((struct ban){candidate, word}));
	return candidate;
}

/* A name that no package has bans nothing; a warning, for it may be a slip. */
static void add_bans(const struct package_request *request, struct solve *solve)
{
	vector_for_each (word, &request->without) {
		bool found = add_ban(solve, word, "all");
		vector_for_each (foreign, &solve->catalog->foreign)
			found |= add_ban(solve, word, *foreign);
		if (!found)
			log_warning("%s:%u:%u: `without` names `%s`, which is no package here",
				word->at.file ? word->at.file : "", word->at.line, word->at.column,
				word->text);
	}
}

static void consider_candidates(const struct catalog *catalog, Map *considered)
{
	map_init(considered, catalog->pool->nsolvables);
	for (Id id = 1; id < catalog->name_end; id++)
		if (catalog->candidates[id])
			MAPSET(considered, catalog->candidates[id]);
}

int request_read(const struct package_request *request, const struct catalog *catalog,
	struct solve *ret_solve, struct error *err)
{
	struct solve solve = {.catalog = catalog, .recommends = request->recommends};

	consider_candidates(catalog, &solve.considered);
	catalog->pool->considered = &solve.considered;
	pool_createwhatprovides(catalog->pool);
	int result = add_roots(request, &solve, err);
	catalog->pool->considered = NULL;
	if (result) {
		solve_release(&solve);
		return -1;
	}
	if (request->base)
		add_base(request, &solve);
	add_bans(request, &solve);
	*ret_solve = solve;
	return 0;
}
