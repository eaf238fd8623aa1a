/* Packages into the store. */
#include <fcntl.h>
#include <string.h>

#include "archive/download.h"
#include "archive/package-index.h"
#include "base/cleanup.h"

enum { NAMED_MOST = 10 };

/* Packages on their way into the store. */
struct fetch {
	const struct recipe *recipe;
	const struct store *store;
	struct package_index *suites; /* looked for when a package has no mirror; owned */
	struct arena arena;
};

char *url_escape(const char *path)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-._~/";
	struct buffer text = {0};

	for (; *path; path++)
		if (strchr(plain, *path))
			buffer_append(&text, path, 1);
		else
			buffer_printf(&text, "%%%02X", (unsigned char)*path);
	buffer_text(&text, "");
	return text.data;
}

/* Where a package is that only a lock names. The lock has its hash, so nothing is too old. */
static int find_mirror(struct fetch *fetch, const struct package *package, const char **ret_mirror,
	struct error *err)
{
	if (!fetch->suites) {
		fetch->suites = xcalloc(1, sizeof(*fetch->suites));
		if (package_index_begin(fetch->recipe, fetch->store, 1, fetch->suites, err))
			return -1;
	}
	for (size_t i = 0; i < fetch->suites->suites.count; i++) {
		const struct found_suite *suite = &fetch->suites->suites.items[i];
		if (suite->kind == SUITE_EXTRA || !text_equal(suite->name, package->suite))
			continue;
		*ret_mirror = suite->mirror;
		return 0;
	}
	return error_set(err, STATUS_ARCHIVE, "%s %s: its suite `%s` is nowhere", package->name,
		package->version, package->suite);
}

/* Names those of the packages that the downloads did not find. */
static int judge_absent(const struct package_list *packages, const struct download *downloads,
	const char *what, struct error *err)
{
	cleanup_buffer struct buffer names = {0};
	size_t absent = 0;

	for (size_t i = 0; i < packages->count; i++) {
		const struct package *package = &packages->items[i];
		if (downloads[i].absent && absent++ < NAMED_MOST)
			buffer_printf(&names, "%s%s %s (%s)", names.length ? ", " : "",
				package->name, package->version, package->path);
	}
	if (!absent)
		return 0;
	if (absent > NAMED_MOST)
		buffer_printf(&names, " and %zu more", absent - NAMED_MOST);
	return error_set(err, STATUS_ARCHIVE, "%s: %s", what, names.data);
}

static int prepare(struct fetch *fetch, const struct package *package,
	struct download *ret_download, struct error *err)
{
	cleanup_free char *path = store_package_path(fetch->store, package->sha256);
	cleanup_free char *escaped = url_escape(package->path);
	const char *mirror = package->mirror ? package->mirror : "";
	bool stored = file_exists(AT_FDCWD, path);

	store_touch(path);
	if (!stored && !package->mirror && !fetch->store->offline &&
		find_mirror(fetch, package, &mirror, err))
		return -1;
	*ret_download = (struct download){
		.url = arena_printf(&fetch->arena, "%s/%s", mirror, escaped),
		.path = arena_strdup(&fetch->arena, path),
		.name = package->name,
		.sha256 = package->sha256,
		.size = package->size,
		.optional = true,
		.absent = !stored && fetch->store->offline,
	};
	return 0;
}

static int fetch_all(struct fetch *fetch, const struct package_list *packages, struct error *err)
{
	struct download *downloads =
		arena_alloc(&fetch->arena, packages->count * sizeof(*downloads));

	for (size_t i = 0; i < packages->count; i++)
		if (prepare(fetch, &packages->items[i], &downloads[i], err))
			return -1;
	if (fetch->store->offline)
		return judge_absent(packages, downloads, "offline, and not in the store", err);
	if (downloads_run(downloads, packages->count, err))
		return -1;
	return judge_absent(packages, downloads, "the mirror does not have", err);
}

int packages_fetch(const struct package_list *packages, const struct recipe *recipe,
	const struct store *store, struct error *err)
{
	struct fetch fetch = {.recipe = recipe, .store = store};
	int result = fetch_all(&fetch, packages, err);

	package_index_free(fetch.suites);
	arena_release(&fetch.arena);
	return result;
}
