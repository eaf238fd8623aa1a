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
	const char *path;
	struct unpacked *package;
	struct unpacked_path *entry;
};

static int by_path(const void *a, const void *b)
{
	const struct claim *left = a, *right = b;
	int order = strcmp(left->path, right->path);

	return order ? order : (left->package > right->package) - (left->package < right->package);
}

/* A directory that was there before keeps what it has. */
static int settle_directory(
	const struct unpack *unpack, const struct claim *claim, struct error *err)
{
	int root = unpack->root;
	struct stat status;
	const struct unpacked_path *entry = claim->entry;

	if (installed_owner(&unpack->installed, claim->path) ||
		fstatat(root, claim->path, &status, AT_SYMLINK_NOFOLLOW) ||
		!S_ISDIR(status.st_mode))
		return 0;
	if (status.st_uid == entry->uid && status.st_gid == entry->gid &&
		(status.st_mode & 07777) == (entry->mode & 07777))
		return 0;
	if (fchownat(root, claim->path, entry->uid, entry->gid, AT_SYMLINK_NOFOLLOW) ||
		fchmodat(root, claim->path, entry->mode & 07777, 0))
		return error_errno(err, errno, "%s", claim->path);
	return 0;
}

static bool replaces(const struct unpacked *package, const char *other)
{
	cleanup_free char *name = xstrndup(other, strcspn(other, ":"));

	return words_contain(&package->replaces, name);
}

static int collision(const char *path, const char *one, const char *other, struct error *err)
{
	return error_set(err, STATUS_ARCHIVE,
		"/%s is in both %s and %s, and neither replaces the other", path, one, other);
}

/* The winner's file takes the place of whatever lies there. */
static int put_in_place(const struct unpack *unpack, const struct claim *winner, struct error *err)
{
	cleanup_free char *conffile = xasprintf("%s.dpkg-new", winner->path);

	if ((unlinkat(unpack->root, winner->path, 0) && errno != ENOENT) ||
		(unlinkat(unpack->root, conffile, 0) && errno != ENOENT))
		return error_errno(err, errno, "%s", winner->path);
	return unpack_again(unpack, winner->package, winner->entry->path, err);
}

/* Of the claims [first, end) on one file, the last that replaces another wins. */
static int settle_file(
	const struct unpack *unpack, struct claim *first, struct claim *end, struct error *err)
{
	struct claim *winner = first;
	const char *owner = installed_owner(&unpack->installed, first->path);

	for (struct claim *claim = first + 1; claim < end; claim++) {
		if (replaces(claim->package, winner->package->package->name)) {
			winner->entry->shed = true;
			winner = claim;
		} else if (replaces(winner->package, claim->package->package->name)) {
			claim->entry->shed = true;
		} else if (claim->package != winner->package) {
			return collision(claim->path, winner->package->package->name,
				claim->package->package->name, err);
		}
	}
	if (owner && !replaces(winner->package, owner))
		return collision(winner->path, owner, winner->package->package->name, err);
	if (owner && installed_shed(unpack->root, owner, winner->path, err))
		return -1;
	return put_in_place(unpack, winner, err);
}

static int settle(
	const struct unpack *unpack, struct claim *first, struct claim *end, struct error *err)
{
	bool directory = false;

	for (struct claim *claim = first; claim < end; claim++)
		directory = directory || S_ISDIR(claim->entry->mode);
	if (directory)
		return settle_directory(unpack, first, err);
	if (end - first == 1 && !installed_owner(&unpack->installed, first->path))
		return 0;
	return settle_file(unpack, first, end, err);
}

int unpack_settle(struct unpack *unpack, struct error *err)
{
	vector(struct claim) claims = {0};
	struct arena arena = {0};
	int result = 0;

	for (size_t i = 0; i < unpack->count; i++) {
		struct unpacked *package = &unpack->packages[i];
		vector_for_each (entry, &package->paths) {
			const char *path = merged_usr_path(entry->path, &arena);
			vector_push(&claims,
				((struct claim){.path = unpack_destination(unpack, package, path),
					.package = package,
					.entry = entry}));
		}
	}
	qsort(claims.items, claims.count, sizeof(*claims.items), by_path);
	for (size_t i = 0, end; i < claims.count && !result; i = end) {
		for (end = i + 1; end < claims.count; end++)
			if (strcmp(claims.items[i].path, claims.items[end].path))
				break;
		result = settle(unpack, &claims.items[i], &claims.items[end], err);
	}
	vector_release(&claims);
	arena_release(&arena);
	return result;
}
