/* Where packages are to be had that only a lock names. */
#include <fcntl.h>

#include "archive/package-index.h"
#include "base/cleanup.h"

static bool is_to_find(const struct package *package, const struct store *store)
{
	cleanup_free char *path = store_package_path(store, package->sha256);

	return !package->mirror && !file_exists(AT_FDCWD, path);
}

static int locate(const struct package_index *index, struct arena *arena, struct package *package,
	struct error *err)
{
	for (size_t i = 0; i < index->suites.count; i++) {
		const struct found_suite *suite = &index->suites.items[i];
		if (!text_equal(suite->name, package->suite))
			continue;
		package->mirror = arena_strdup(arena, suite->mirror);
		return 0;
	}
	return error_set(err, STATUS_ARCHIVE, "%s %s: its suite `%s` is not to be found",
		package->name, package->version, package->suite);
}

int packages_locate(const struct recipe *recipe, const struct store *store, struct arena *arena,
	struct package_list *packages, struct error *err)
{
	cleanup_package_index struct package_index *index = NULL;

	vector_for_each (package, packages) {
		if (!is_to_find(package, store))
			continue;
		if (!index) {
			index = xcalloc(1, sizeof(*index));
			if (package_index_begin(recipe, store, index, err))
				return -1;
		}
		if (locate(index, arena, package, err))
			return -1;
	}
	return 0;
}
