/*
 * Paths of more than one package, and those that were there before. The crew extracts in no fixed
 * order, so what two packages hold is settled afterwards: the first directory gives its mode, a
 * directory hides a link, and of two files the one of the package that Replaces the other stays.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/inside.h"
#include "package-control.h"
#include "unpack.h"

/* A path, spelled as it lies in the tree, and whose it is. */
struct claim {
	const char *path;
	struct unpacked *package;
	struct unpacked_path *entry;
};

static bool is_first(const struct unpacked *package)
{
	return !strcmp(package->package->name, "base-files");
}

static int by_path(const void *a, const void *b)
{
	const struct claim *left = a, *right = b;
	int order = strcmp(left->path, right->path);

	if (order || left->package == right->package)
		return order ? order : (left->entry > right->entry) - (left->entry < right->entry);
	/* The directories of a root are as base-files has them. */
	order = is_first(right->package) - is_first(left->package);
	return order ? order : (left->package > right->package) - (left->package < right->package);
}

static int refuse(const struct claim *claim, const char *why, struct error *err)
{
	const struct package *about = claim->package->package;

	return error_set(err, STATUS_ARCHIVE, "%s %s: /%s: %s", about->name, about->version,
		claim->path, why);
}

static int collision(const char *path, const char *one, const char *other, struct error *err)
{
	return error_set(err, STATUS_ARCHIVE,
		"/%s is in both %s and %s, and neither replaces the other", path, one, other);
}

static bool is_symbolic(const struct claim *claim)
{
	return S_ISLNK(claim->entry->mode) && !claim->entry->hard;
}

/* Gives the directory the claim's mode, unless it was there before. */
static int settle_mode(
	const struct unpack *unpack, const struct claim *claim, bool before, struct error *err)
{
	const struct unpacked_path *entry = claim->entry;
	cleanup_fd int parent = -1;
	struct stat status;
	const char *name;

	if (inside_parent(unpack->root, claim->path, &parent, &name, err))
		return -1;
	if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW))
		return error_errno(err, errno, "/%s", claim->path);
	if (!S_ISDIR(status.st_mode) && !S_ISLNK(status.st_mode))
		return refuse(claim, "a directory, but there is a file", err);
	if (before || S_ISLNK(status.st_mode) ||
		(status.st_uid == entry->uid && status.st_gid == entry->gid &&
			(status.st_mode & 07777) == (entry->mode & 07777)))
		return 0;
	if (fchownat(parent, name, entry->uid, entry->gid, AT_SYMLINK_NOFOLLOW) ||
		fchmodat(parent, name, entry->mode & 07777, 0))
		return error_errno(err, errno, "/%s", claim->path);
	return 0;
}

static bool holds_twice(
	const struct claim *claim, const struct claim *first, const struct claim *end)
{
	return (claim > first && claim[-1].package == claim->package) ||
	       (claim + 1 < end && claim[1].package == claim->package);
}

/*
 * The claims [first, end) have a directory among them: the first gives its mode, unless it was
 * there before.
 */
static int settle_directory(
	const struct unpack *unpack, struct claim *first, struct claim *end, struct error *err)
{
	const struct claim *giver = NULL;
	bool before = true;

	for (struct claim *claim = first; claim < end; claim++) {
		if (S_ISDIR(claim->entry->mode)) {
			giver = giver ? giver : claim;
			before = before && (claim->entry->found || claim->entry->left_out);
		} else if (holds_twice(claim, first, end)) {
			return refuse(claim, "it is in the package twice", err);
		} else if (is_symbolic(claim)) {
			claim->entry->left_out = true;
		} else {
			return refuse(claim, "it is a directory of another package", err);
		}
	}
	return giver && !giver->entry->left_out ? settle_mode(unpack, giver, before, err) : 0;
}

/* Packages of two architectures share what they both hold. */
static bool shares(const struct unpacked *one, const struct unpacked *other)
{
	return one->multi_arch_same && other->multi_arch_same &&
	       !strcmp(one->package->name, other->package->name);
}

static bool replaces(const struct unpacked *package, const struct unpacked *other)
{
	return control_replaces(package, other->package->name, other->package->version);
}

/* Whether an installed package's files ("libc6:amd64") are the package's to take. */
static bool replaces_installed(
	const struct unpack *unpack, const struct unpacked *package, const char *owner)
{
	cleanup_free char *name = xstrndup(owner, strcspn(owner, ":"));
	cleanup_free char *version = installed_version(&unpack->installed, owner);

	return version && control_replaces(package, name, version);
}

/* The same of an installed package's files ("libc6:amd64"): only those that share have a colon. */
static bool shares_installed(const struct unpacked *package, const char *owner)
{
	const char *name = package->package->name;
	size_t length = strlen(name);

	return package->multi_arch_same && text_starts(owner, name) && owner[length] == ':';
}

/* The winner's file takes the place of whatever lies there; a link is made later. */
static int put_in_place(const struct unpack *unpack, const struct claim *winner, struct error *err)
{
	cleanup_fd int directory = -1;
	const char *name;

	if (winner->entry->left_out)
		return 0;
	if (inside_parent(unpack->root, winner->path, &directory, &name, err))
		return -1;
	cleanup_free char *conffile = xasprintf("%s.dpkg-new", name);
	if ((unlinkat(directory, name, 0) && errno != ENOENT) ||
		(unlinkat(directory, conffile, 0) && errno != ENOENT))
		return error_errno(err, errno, "/%s: replacing", winner->path);
	if (winner->entry->link)
		return 0;
	return unpack_again(unpack, winner->package, winner->entry->path, err);
}

/* Of the claims [first, end) on one file, the last that replaces another wins. */
static int settle_file(
	const struct unpack *unpack, struct claim *first, struct claim *end, struct error *err)
{
	struct claim *winner = first;
	const char *owner = installed_owner(&unpack->installed, first->path);

	for (struct claim *claim = first + 1; claim < end; claim++) {
		if (claim->package == winner->package) {
			return refuse(claim, "it is in the package twice", err);
		} else if (replaces(claim->package, winner->package)) {
			winner->entry->shed = true;
			winner = claim;
		} else if (replaces(winner->package, claim->package)) {
			claim->entry->shed = true;
		} else if (!shares(claim->package, winner->package)) {
			return collision(claim->path, winner->package->package->name,
				claim->package->package->name, err);
		}
	}
	bool taken = owner && !shares_installed(winner->package, owner);
	if (taken && !replaces_installed(unpack, winner->package, owner))
		return collision(winner->path, owner, winner->package->package->name, err);
	if (taken && installed_shed(unpack->root, owner, winner->path, err))
		return -1;
	if (put_in_place(unpack, winner, err))
		return error_wrap(err, "%s %s", winner->package->package->name,
			winner->package->package->version);
	return 0;
}

/* What is a directory already stays one, links to it or not. */
static bool is_directory(const struct unpack *unpack, const char *path)
{
	cleanup(error_release) struct error ignored = {0};
	cleanup_fd int parent = -1;
	struct stat status;
	const char *name;

	return !inside_parent(unpack->root, path, &parent, &name, &ignored) &&
	       !fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) && S_ISDIR(status.st_mode);
}

static int settle(
	const struct unpack *unpack, struct claim *first, struct claim *end, struct error *err)
{
	bool alone = end - first == 1;

	if (alone && S_ISDIR(first->entry->mode) && !first->entry->found)
		return 0;
	for (struct claim *claim = first; claim < end; claim++)
		if (S_ISDIR(claim->entry->mode))
			return settle_directory(unpack, first, end, err);
	bool owned = installed_owner(&unpack->installed, first->path);
	if (alone && !owned && !first->entry->found)
		return 0;
	if (alone && is_symbolic(first) && is_directory(unpack, first->path))
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
	vector_sort(&claims, by_path);
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
