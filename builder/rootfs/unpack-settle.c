/*
 * Paths of more than one package. The crew extracts in no fixed order, so what two packages hold is
 * settled afterwards: the first directory gives its mode, and of two files the one of the package
 * that Replaces the other stays.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "unpack.h"

/* A path, spelled as it lies in the tree, and whose it is. */
struct claim {
	char *path; /* owned */
	struct unpacked *package;
	struct unpacked_path *entry;
};

static int by_path(const void *a, const void *b)
{
	const struct claim *left = a, *right = b;
	int order = strcmp(left->path, right->path);

	return order ? order : (left->package > right->package) - (left->package < right->package);
}

/* "bin/sh" lies in "usr/bin/sh". */
static char *real_path(const char *path)
{
	static const char *const merged[] = {
		"bin/", "sbin/", "lib/", "lib32/", "lib64/", "libx32/", "libo32/"};

	for (size_t i = 0; i < array_count(merged); i++)
		if (text_starts(path, merged[i]))
			return xasprintf("usr/%s", path);
	return xstrdup(path);
}

static int settle_directory(const struct claim *claim, int root, struct error *err)
{
	struct stat status;
	const struct unpacked_path *entry = claim->entry;

	if (fstatat(root, claim->path, &status, AT_SYMLINK_NOFOLLOW) || !S_ISDIR(status.st_mode))
		return 0;
	if (status.st_uid == entry->uid && status.st_gid == entry->gid &&
		(status.st_mode & 07777) == (entry->mode & 07777))
		return 0;
	if (fchownat(root, claim->path, entry->uid, entry->gid, AT_SYMLINK_NOFOLLOW) ||
		fchmodat(root, claim->path, entry->mode & 07777, 0))
		return error_errno(err, errno, "%s", claim->path);
	return 0;
}

static bool replaces(const struct unpacked *package, const struct unpacked *other)
{
	return words_contain(&package->replaces, other->package->name);
}

/* Of the claims [first, end) on one file, the last that replaces another wins. */
static int settle_file(struct claim *first, struct claim *end, const struct recipe *recipe,
	int root, struct error *err)
{
	struct claim *winner = first;

	for (struct claim *claim = first + 1; claim < end; claim++) {
		if (replaces(claim->package, winner->package)) {
			winner->entry->shed = true;
			winner = claim;
		} else if (replaces(winner->package, claim->package)) {
			claim->entry->shed = true;
		} else if (claim->package != winner->package) {
			return error_set(err, STATUS_ARCHIVE,
				"/%s is in both %s and %s, and neither replaces the other",
				claim->path, winner->package->package->name,
				claim->package->package->name);
		}
	}
	cleanup_free char *conffile = xasprintf("%s.dpkg-new", winner->path);
	if ((unlinkat(root, winner->path, 0) && errno != ENOENT) ||
		(unlinkat(root, conffile, 0) && errno != ENOENT))
		return error_errno(err, errno, "%s", winner->path);
	return unpack_again(winner->package, recipe, root, winner->entry->path, err);
}

static int settle(struct claim *first, struct claim *end, const struct recipe *recipe, int root,
	struct error *err)
{
	bool directory = S_ISDIR(first->entry->mode);

	for (struct claim *claim = first; claim < end; claim++)
		directory = directory || S_ISDIR(claim->entry->mode);
	if (directory)
		return settle_directory(first, root, err);
	return end - first > 1 ? settle_file(first, end, recipe, root, err) : 0;
}

int unpack_settle(struct unpack *unpack, const struct recipe *recipe, int root, struct error *err)
{
	vector(struct claim) claims = {0};
	int result = 0;

	for (size_t i = 0; i < unpack->count; i++)
		vector_for_each (entry, &unpack->packages[i].paths)
			vector_push(&claims, ((struct claim){real_path(entry->path),
						     &unpack->packages[i], entry}));
	qsort(claims.items, claims.count, sizeof(*claims.items), by_path);
	for (size_t i = 0, end; i < claims.count && !result; i = end) {
		for (end = i + 1; end < claims.count; end++)
			if (strcmp(claims.items[i].path, claims.items[end].path))
				break;
		result = settle(&claims.items[i], &claims.items[end], recipe, root, err);
	}
	vector_for_each (claim, &claims)
		free(claim->path);
	vector_release(&claims);
	return result;
}
