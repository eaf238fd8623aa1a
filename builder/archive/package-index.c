#include "archive/archive.h"

#include <stdlib.h>

#include "archive/dependency.h"
#include "archive/hold.h"
#include "archive/package-index.h"
#include "base/cleanup.h"

/* gpgv takes a name without a slash for one in its home directory. */
static int find_keyring(struct package_index *index, const struct word *named,
	const char **ret_keyring, struct error *err)
{
	const char *path = named->text ? named->text : index->suite.keyring;

	if (!path)
		return error_at(err, index->recipe->suite.at,
			"no keyring is known for suite `%s`; name one with `keyring:`",
			index->suite.name);
	cleanup_free char *absolute = realpath(path, NULL);
	if (!absolute && named->text)
		return error_at(err, named->at, "keyring %s: no such file", path);
	if (!absolute)
		return error_set(err, STATUS_MISSING,
			"keyring %s: no such file; install the package that holds it, "
			"or name another with `keyring:`",
			path);
	*ret_keyring = arena_strdup(&index->arena, absolute);
	return 0;
}

/* The suites of the distribution. */
static int place_suites(struct package_index *index, struct suite_place *places, struct error *err)
{
	const struct recipe *recipe = index->recipe;
	struct apt_sources host = {0};
	const char *keyring;

	if (find_keyring(index, &recipe->keyring, &keyring, err))
		return -1;
	if (!recipe->mirror.text)
		apt_sources_read("/etc/apt", &index->arena, &host);
	mirrors_choose(&index->suite, recipe->mirror.text, &host, &index->arena, places);
	vector_release(&host);
	places[SUITE_BASE].unknown = index->unknown;
	if (recipe->snapshot.text)
		mirrors_as_of(places, SUITE_KINDS, recipe->snapshot.text, &index->arena);
	for (size_t i = 0; i < SUITE_KINDS; i++) {
		if (i != SUITE_BASE && recipe->frozen)
			places[i].mirror_count = 0;
		places[i].keyring = keyring;
		places[i].components = &recipe->components;
	}
	return 0;
}

static int place_repository(struct package_index *index, const struct recipe_repository *repository,
	struct suite_place *place, struct error *err)
{
	*place = (struct suite_place){
		.kind = SUITE_EXTRA,
		.name = repository->suite.text,
		.mirrors = {mirror_without_slash(repository->mirror.text, &index->arena)},
		.mirror_count = 1,
		.named = true,
		.components = &repository->components,
	};
	return find_keyring(index, &repository->keyring, &place->keyring, err);
}

static int find_suites(
	struct package_index *index, const struct store *store, uint64_t as_of, struct error *err)
{
	const struct recipe *recipe = index->recipe;
	size_t count = SUITE_KINDS + recipe->repositories.count;
	struct suite_place *places = arena_alloc(&index->arena, count * sizeof(*places));

	if (place_suites(index, places, err))
		return -1;
	for (size_t i = 0; i < recipe->repositories.count; i++)
		if (place_repository(
			    index, &recipe->repositories.items[i], &places[SUITE_KINDS + i], err))
			return -1;
	for (size_t i = 0; i < count; i++)
		if (!places[i].as_of)
			places[i].as_of = as_of;
	return releases_fetch(places, count, store, &index->arena, &index->suites, err);
}

/* debootstrap need not know a suite whose mirror and keys the recipe names. */
static int find_suite(struct package_index *index, struct error *err)
{
	const struct recipe *recipe = index->recipe;

	if (!suite_find(
		    recipe->suite, recipe->architecture.text, &index->arena, &index->suite, err))
		return 0;
	if (err->status != STATUS_RECIPE)
		return -1;
	if (!recipe->mirror.text || !recipe->keyring.text)
		return error_set(err, STATUS_RECIPE,
			"%s; with `mirror` and `keyring` a recipe can have any suite",
			err->message);
	index->unknown = arena_strdup(&index->arena, err->message);
	error_release(err);
	index->suite = (struct suite){.name = recipe->suite.text};
	return 0;
}

int package_index_begin(const struct recipe *recipe, const struct store *store, uint64_t as_of,
	struct package_index *index, struct error *err)
{
	index->recipe = recipe;
	if (find_suite(index, err))
		return -1;
	return find_suites(index, store, as_of, err);
}

int package_index_open(const struct recipe *recipe, const struct store *store,
	struct package_index **ret_index, struct error *err)
{
	cleanup_package_index struct package_index *index = xcalloc(1, sizeof(*index));

	if (package_index_begin(recipe, store, 0, index, err) ||
		index_files_fetch(&index->suites, recipe, store, &index->arena, &index->files, err))
		return -1;
	*ret_index = steal_pointer(&index);
	return 0;
}

int package_index_load(struct package_index *index, struct error *err)
{
	return catalog_load(&index->files, index->recipe->architecture.text, &index->catalog, err);
}

void package_index_hash(const struct package_index *index, struct hash *hash)
{
	vector_for_each (file, &index->files) {
		hash_number(hash, file->suite->kind);
		hash_text(hash, file->suite->name);
		hash_text(hash, file->suite->mirror);
		hash_text(hash, file->sha256);
	}
}

void package_index_free(struct package_index *index)
{
	if (!index)
		return;
	catalog_release(&index->catalog);
	index_files_release(&index->files);
	arena_release(&index->arena);
	free(index);
}

void package_index_hold(struct package_index *index, const struct package_list *held)
{
	catalog_hold(&index->catalog, held);
}

void package_index_cleanup(struct package_index **index)
{
	package_index_free(*index);
}

uint64_t package_index_date(const struct package_index *index)
{
	uint64_t newest = 0;

	for (size_t i = 0; i < index->suites.count; i++)
		if (index->suites.items[i].release.date > newest)
			newest = index->suites.items[i].release.date;
	return newest;
}

/* What the guest's apt must be told of a suite beside its address; NULL: it cannot use the suite.
 */
static const char *source_options(
	const struct found_suite *suite, unsigned *repositories, struct arena *arena)
{
	if (suite->kind != SUITE_EXTRA)
		return suite->place->as_of ? "[check-valid-until=no] " : "";
	unsigned number = ++*repositories;
	if (text_starts(suite->mirror, "file:"))
		return NULL;
	return arena_printf(arena, "[signed-by=/" GUEST_KEYRING "] ", number);
}

char *package_index_sources_list(const struct package_index *index)
{
	const struct recipe *recipe = index->recipe;
	struct arena arena = {0};
	struct buffer text = {0};
	unsigned repositories = 0;

	buffer_text(&text, "");
	for (size_t i = 0; i < index->suites.count; i++) {
		const struct found_suite *suite = &index->suites.items[i];
		const char *options = source_options(suite, &repositories, &arena);
		if (!options)
			continue;
		const char *mirror = suite->kind == SUITE_EXTRA
					     ? suite->mirror
					     : mirror_for_guest(&index->suite, recipe->mirror.text,
						       suite->mirror, &arena);
		if (!mirror)
			continue;
		buffer_printf(&text, "deb %s%s %s", options, mirror, suite->name);
		vector_for_each (component, suite->place->components)
			buffer_printf(&text, " %s", component->text);
		buffer_text(&text, "\n");
	}
	arena_release(&arena);
	return text.data;
}

int package_index_find(struct package_index *index, const char *name, struct arena *arena,
	struct package *ret_package, struct error *err)
{
	Id candidate = catalog_candidate(&index->catalog, name);

	if (!candidate)
		return error_set(err, STATUS_ARCHIVE, "suite `%s` has no package `%s` for %s",
			index->suite.name, name, index->recipe->architecture.text);
	return catalog_package(&index->catalog, candidate, arena, ret_package, err);
}

const char *package_dependency(
	const struct package *package, const char *prefix, struct arena *arena)
{
	struct dependency dependency;
	struct span depends, group;

	if (!control_find(span_of(package->control), "Depends", &depends))
		return NULL;
	while (dependency_next_group(&depends, &group))
		while (dependency_next_alternative(&group, &dependency)) {
			const char *name = span_keep(dependency.name, arena);
			if (text_starts(name, prefix))
				return name;
		}
	return NULL;
}
