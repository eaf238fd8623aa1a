/* Takes off a sealed root what does not stay. */
#include "reduce.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/inside.h"
#include "image/tree.h"

struct reducing {
	int root;
	const struct reduce_packages *packages;
	const struct installed *installed;
	struct arena arena;
	struct words links; /* that lead somewhere, in the arena */
};

/* Whether packages have it, and none that stays. */
static bool is_orphan(const struct reducing *reducing, const char *path)
{
	const struct installed *installed = reducing->installed;
	const struct installed_path *owner = installed_find(installed, path);

	if (!owner)
		return false;
	for (; owner < installed->paths.items + installed->paths.count; owner++) {
		if (strcmp(owner->path, path))
			break;
		const struct reduce_package *package =
			reduce_packages_find(reducing->packages, owner->package);
		if (!package || package->stays)
			return false;
	}
	return true;
}

static int reduce_file(void *context, const struct tree_entry *entry, struct error *err)
{
	struct reducing *reducing = context;

	if (S_ISDIR(entry->status.st_mode))
		return 0;
	if (!is_orphan(reducing, entry->path)) {
		if (S_ISLNK(entry->status.st_mode) && inside_exists(reducing->root, entry->path))
			vector_push(&reducing->links, arena_strdup(&reducing->arena, entry->path));
		return 0;
	}
	if (unlinkat(entry->directory, entry->name, 0))
		return error_errno(err, errno, "/%s: removing", entry->path);
	return 0;
}

static int reduce_directory(void *context, const struct tree_entry *entry, struct error *err)
{
	if (!entry->depth || !is_orphan(context, entry->path))
		return 0;
	if (unlinkat(entry->directory, entry->name, AT_REMOVEDIR) && errno != ENOTEMPTY)
		return error_errno(err, errno, "/%s: removing", entry->path);
	return 0;
}

/* Alternatives, and units that were enabled: links that lost what they led to. */
static int reduce_links(const struct reducing *reducing, struct error *err)
{
	for (size_t i = 0; i < reducing->links.count; i++) {
		const char *path = reducing->links.items[i], *name;
		cleanup_fd int directory = -1;
		if (inside_exists(reducing->root, path))
			continue;
		if (inside_parent(reducing->root, path, &directory, &name, err))
			return -1;
		if (unlinkat(directory, name, 0) && errno != ENOENT)
			return error_errno(err, errno, "/%s: removing", path);
	}
	return 0;
}

static int reduce_tree(struct reducing *reducing, struct error *err)
{
	const struct tree_visitor visitor = {
		.enter = reduce_file, .leave = reduce_directory, .context = reducing};

	return tree_walk(reducing->root, &visitor, err);
}

/* Of packages that are gone the status file says nothing. */
static int reduce_status(
	int root, const struct reduce_packages *packages, size_t *ret_kept, struct error *err)
{
	cleanup_buffer struct buffer text = {0};
	size_t kept = 0;

	buffer_text(&text, "");
	vector_for_each (package, &packages->list) {
		if (!package->stays)
			continue;
		buffer_append(&text, package->stanza.at, package->stanza.length);
		buffer_text(&text, text_ends(text.data, "\n") ? "\n" : "\n\n");
		kept++;
	}
	*ret_kept = kept;
	return inside_rewrite(root, "var/lib/dpkg/status", text.data, err);
}

int rootfs_reduce(const struct rootfs *rootfs, char **ret_result, struct error *err)
{
	cleanup_installed struct installed installed = {0};
	cleanup(reduce_packages_release) struct reduce_packages packages = {0};
	cleanup_fd int root = -1;
	size_t kept = 0;

	if (inside_open_root(rootfs->root, &root, err) || installed_read(root, &installed, err))
		return -1;
	if (!installed.status)
		return error_set(err, STATUS_SCRIPT, "there is no package database to seal by");
	reduce_packages_choose(installed.status, &rootfs->recipe->packages, &packages);
	struct reducing reducing = {.root = root, .packages = &packages, .installed = &installed};
	int result = reduce_tree(&reducing, err);
	if (!result)
		result = reduce_unasked(root, rootfs, &packages, &installed, err);
	if (!result)
		result = reduce_links(&reducing, err);
	vector_release(&reducing.links);
	arena_release(&reducing.arena);
	if (result || reduce_status(root, &packages, &kept, err))
		return -1;
	*ret_result = xasprintf("sealed: %zu of %zu packages", kept, packages.list.count);
	return 0;
}
