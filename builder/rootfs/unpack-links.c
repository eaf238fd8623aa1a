/*
 * Links, made when everything else is in place, one package after the other. What is a directory by
 * then stays one, as with dpkg.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/inside.h"
#include "base/interrupt.h"
#include "unpack-file.h"
#include "unpack.h"

enum { TARGET_MAX = 4096 };

/* One package's links on their way into the tree. */
struct linking {
	const struct unpack *unpack;
	const struct unpacked *package;
	struct extractor extractor;
};

/* A directory where a link of the package should be: fine, unless the package made it itself. */
static int check_directory(
	const struct unpacked *package, const struct unpacked_path *link, struct error *err)
{
	size_t length = strlen(link->path);

	vector_for_each (entry, &package->paths)
		if (text_starts(entry->path, link->path) && entry->path[length] == '/')
			return error_set(err, STATUS_ARCHIVE,
				"%s: it lies below a symbolic link of the same package",
				entry->path);
	return 0;
}

static bool is_file_before(const struct unpacked *package, const struct unpacked_path *link)
{
	for (const struct unpacked_path *entry = package->paths.items; entry < link; entry++)
		if (!strcmp(entry->path, link->link))
			return !S_ISDIR(entry->mode);
	return false;
}

static int make_hard(const struct linking *linking, const struct unpacked_path *link,
	const char *name, struct error *err)
{
	cleanup_free char *target = unpack_place(linking->unpack, linking->package, link->link);
	cleanup_fd int directory = -1;
	const char *last;

	if (!is_file_before(linking->package, link))
		return error_set(err, STATUS_ARCHIVE,
			"%s: hard link to %s, which is no file of the package before it",
			link->path, link->link);
	if (inside_parent(linking->unpack->root, target, &directory, &last, err))
		return -1;
	if (linkat(directory, last, linking->extractor.directory, name, 0))
		return error_errno(err, errno, "%s: hard link to %s", link->path, link->link);
	return 0;
}

static int make_symbolic(const struct linking *linking, const struct unpacked_path *link,
	const char *name, struct error *err)
{
	int directory = linking->extractor.directory;

	if (symlinkat(link->link, directory, name) ||
		((link->uid || link->gid) &&
			fchownat(directory, name, link->uid, link->gid, AT_SYMLINK_NOFOLLOW)))
		return error_errno(err, errno, "%s: making the link", link->path);
	return 0;
}

static bool is_same_link(int directory, const char *name, const struct unpacked_path *link)
{
	char target[TARGET_MAX];
	ssize_t length = link->hard ? -1 : readlinkat(directory, name, target, sizeof(target));

	return length >= 0 && (size_t)length == strlen(link->link) &&
	       !memcmp(target, link->link, length);
}

static int make_link(struct linking *linking, const struct unpacked_path *link, struct error *err)
{
	cleanup_free char *place = unpack_place(linking->unpack, linking->package, link->path);
	struct stat status;
	const char *name;

	if (extractor_enter(&linking->extractor, place, &name, err))
		return -1;
	int directory = linking->extractor.directory;
	if (!fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW)) {
		if (S_ISDIR(status.st_mode))
			return check_directory(linking->package, link, err);
		if (is_same_link(directory, name, link))
			return 0;
		if (unlinkat(directory, name, 0))
			return error_errno(err, errno, "%s: replacing", link->path);
	}
	return link->hard ? make_hard(linking, link, name, err)
			  : make_symbolic(linking, link, name, err);
}

static int make_links(struct linking *linking, struct error *err)
{
	const struct package *about = linking->package->package;

	vector_for_each (entry, &linking->package->paths) {
		if (!entry->link || entry->left_out || entry->shed)
			continue;
		if (interrupt_check(err) || make_link(linking, entry, err))
			return error_wrap(err, "%s %s", about->name, about->version);
	}
	return 0;
}

int unpack_links(struct unpack *unpack, struct error *err)
{
	int result = 0;

	for (size_t i = 0; i < unpack->count && !result; i++) {
		struct linking linking = {
			.unpack = unpack,
			.package = &unpack->packages[i],
			.extractor = {.root = unpack->root, .directory = -1},
		};
		result = make_links(&linking, err);
		extractor_release(&linking.extractor);
	}
	return result;
}
