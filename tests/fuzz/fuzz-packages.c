/* Package indices: loaded, resolved for their first packages, problems explained, all written out.
 */
#include <stdlib.h>
#include <string.h>

#include "archive/package-index.h"
#include "base/hash.h"
#include "fuzz.h"

enum { ASKED = 3 };

/* The first names are asked for, the one behind them is forbidden. */
static void ask(struct package_index *index, struct arena *arena)
{
	const struct catalog *catalog = &index->catalog;
	struct word words[ASKED + 1] = {0};
	size_t count = 0;
	struct package_list list = {0};
	struct error err = {0};

	for (Id id = 1; id < catalog->name_end && count <= ASKED; id++)
		if (catalog->candidates[id])
			words[count++].text = arena_strdup(arena, pool_id2str(catalog->pool, id));
	struct package_request request = {.base = base_system_find("minbase"),
		.recommends = true,
		.packages = {words, count < ASKED ? count : ASKED, ASKED},
		.without = {&words[ASKED], count > ASKED, 1},
		.arena = arena};
	if (package_index_resolve(index, &request, &list, &err) && !err.message)
		abort();
	vector_for_each (package, &list)
		if (!hash_valid(package->sha256) || *package->path == '/' ||
			strstr(package->path, ".."))
			abort();
	vector_release(&list);
	error_release(&err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct found_suite suite = {
		SUITE_BASE, "bookworm", "http://mirror.example/debian", {0}, NULL};
	/* The same text for both, so that every name is one of two architectures. */
	const struct span text = {(const char *)data, size};
	struct index_file files[] = {{.suite = &suite, .architecture = "amd64", .text = text},
		{.suite = &suite, .architecture = "i386", .text = text}};
	struct package_index index = {.files = {files, 2, 2}};
	struct arena arena = {0};
	struct error err = {0};

	if (catalog_load(&index.files, "amd64", &index.catalog, &err))
		abort();
	ask(&index, &arena);
	catalog_release(&index.catalog);
	arena_release(&arena);
	return 0;
}
