#include "archive/archive.h"

#include <stdlib.h>

#include "archive/dependency.h"
#include "archive/hold.h"
#include "archive/package-index.h"
#include "base/cleanup.h"

/* gpgv takes a name without a slash for one in its home directory. */
static int find_keyring(struct package_index *index, struct error *err)
{
	const struct word *named = &index->recipe->keyring;
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
	index->keyring = arena_strdup(&index->arena, absolute);
	return 0;
}

static int find_suites(struct package_index *index, const struct store *store, struct error *err)
{
	struct suite_place places[SUITE_KINDS];
	const char *mirror = index->recipe->mirror.text;
	struct apt_sources host = {0};

	if (!mirror)
		apt_sources_read("/etc/apt", &index->arena, &host);
	mirrors_choose(&index->suite, mirror, &host, &index->arena, places);
	vector_release(&host);
	return releases_fetch(places, index->keyring, store, &index->arena, &index->suites, err);
}

int package_index_begin(const struct recipe *recipe, const struct store *store,
	struct package_index *index, struct error *err)
{
	index->recipe = recipe;
	if (suite_find(
		    recipe->suite, recipe->architecture.text, &index->arena, &index->suite, err) ||
		find_keyring(index, err))
		return -1;
	return find_suites(index, store, err);
}

int package_index_open(const struct recipe *recipe, const struct store *store,
	struct package_index **ret_index, struct error *err)
{
	cleanup_package_index struct package_index *index = xcalloc(1, sizeof(*index));

	if (package_index_begin(recipe, store, index, err) ||
		index_files_fetch(
			&index->suites, recipe, store, &index->arena, &index->files, err) ||
		catalog_load(&index->files, recipe->architecture.text, &index->catalog, err))
		return -1;
	*ret_index = steal_pointer(&index);
	return 0;
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

char *package_index_sources_list(const struct package_index *index)
{
	const struct recipe *recipe = index->recipe;
	struct arena arena = {0};
	struct buffer text = {0};

	for (size_t i = 0; i < index->suites.count; i++) {
		const struct found_suite *suite = &index->suites.items[i];
		buffer_printf(&text, "deb %s %s",
			mirror_for_guest(&index->suite, recipe->mirror.text, suite->mirror, &arena),
			suite->name);
		vector_for_each (component, &recipe->components)
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
