/* Packages into the store. */
#include <string.h>

#include "archive/archive.h"
#include "archive/download.h"
#include "base/cleanup.h"

/* The path of a package's URL: what could mean something else there is escaped, '+' too, which some
 * servers take for a blank. */
static char *escape(const char *path)
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

int packages_fetch(
	const struct package_list *packages, const struct store *store, struct error *err)
{
	struct arena arena = {0};
	struct download *downloads = arena_alloc(&arena, packages->count * sizeof(*downloads));

	for (size_t i = 0; i < packages->count; i++) {
		const struct package *package = &packages->items[i];
		cleanup_free char *path = store_package_path(store, package->sha256);
		cleanup_free char *escaped = escape(package->path);
		store_touch(path);
		downloads[i] = (struct download){
			.url = arena_printf(&arena, "%s/%s", package->mirror, escaped),
			.path = arena_strdup(&arena, path),
			.name = package->name,
			.sha256 = package->sha256,
			.size = package->size};
	}
	int result = downloads_run(downloads, packages->count, err);
	arena_release(&arena);
	return result;
}
