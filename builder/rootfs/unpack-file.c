#include "unpack-file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/inside.h"
#include "base/memory.h"

void extractor_release(struct extractor *extractor)
{
	if (extractor->directory >= 0)
		close(extractor->directory);
	free(extractor->path);
}

/* Opens the directory that holds `path`; most entries lie beside the one before. */
static int enter_parent(struct extractor *extractor, const char *path, struct error *err)
{
	const char *slash = strrchr(path, '/'), *name;
	cleanup_free char *parent = xstrndup(path, slash ? (size_t)(slash - path) : 0);
	int fd;

	if (extractor->directory >= 0 && !strcmp(extractor->path, parent))
		return 0;
	if (inside_parent(extractor->root, path, &fd, &name, err))
		return -1;
	extractor_release(extractor);
	extractor->directory = fd;
	extractor->path = steal_pointer(&parent);
	return 0;
}

static int write_content(struct archive *tar, int fd, struct error *err)
{
	const void *block;
	size_t length;
	la_int64_t offset;
	int result;

	while ((result = archive_read_data_block(tar, &block, &length, &offset)) == ARCHIVE_OK)
		if (file_write_at(fd, offset, block, length, err))
			return -1;
	if (result != ARCHIVE_EOF)
		return error_set(
			err, STATUS_ARCHIVE, "damaged package: %s", archive_error_string(tar));
	return 0;
}

static int extract_regular(int directory, const char *name, struct archive *tar,
	struct archive_entry *entry, struct error *err)
{
	cleanup_fd int fd =
		openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	uid_t uid = archive_entry_uid(entry);
	gid_t gid = archive_entry_gid(entry);
	const struct timespec times[] = {
		{.tv_sec = archive_entry_mtime(entry)}, {.tv_sec = archive_entry_mtime(entry)}};

	if (fd < 0)
		return error_errno(err, errno, "creating");
	if (write_content(tar, fd, err))
		return -1;
	if (((uid || gid) && fchown(fd, uid, gid)) || fchmod(fd, archive_entry_perm(entry)) ||
		futimens(fd, times))
		return error_errno(err, errno, "setting its owner and mode");
	return 0;
}

/* A hard link's target is a path of the same package, found inside the root. */
static int extract_hardlink(
	const struct extractor *extractor, const char *name, const char *target, struct error *err)
{
	cleanup_fd int directory = -1;
	const char *last;

	while (target[0] == '.' && target[1] == '/')
		target += 2;
	if (inside_parent(extractor->root, target, &directory, &last, err))
		return -1;
	if (linkat(directory, last, extractor->directory, name, 0))
		return error_errno(err, errno, "hard link to %s", target);
	return 0;
}

static int set_owner(
	int directory, const char *name, struct archive_entry *entry, bool link, struct error *err)
{
	uid_t uid = archive_entry_uid(entry);
	gid_t gid = archive_entry_gid(entry);

	if (((uid || gid) && fchownat(directory, name, uid, gid, AT_SYMLINK_NOFOLLOW)) ||
		(!link && fchmodat(directory, name, archive_entry_perm(entry), 0)))
		return error_errno(err, errno, "setting its owner and mode");
	return 0;
}

static int extract_special(
	int directory, const char *name, struct archive_entry *entry, struct error *err)
{
	switch (archive_entry_filetype(entry)) {
	case AE_IFDIR:
		/* Another package's thread may have been faster. */
		if (mkdirat(directory, name, 0700) && errno != EEXIST)
			return error_errno(err, errno, "making the directory");
		return set_owner(directory, name, entry, false, err);
	case AE_IFLNK:
		if (symlinkat(archive_entry_symlink(entry), directory, name))
			return error_errno(err, errno, "making the link");
		return set_owner(directory, name, entry, true, err);
	case AE_IFIFO:
		if (mkfifoat(directory, name, 0600))
			return error_errno(err, errno, "making the pipe");
		return set_owner(directory, name, entry, false, err);
	default:
		return error_set(
			err, STATUS_ARCHIVE, "a package may not hold a device node or socket");
	}
}

int extract_entry(struct extractor *extractor, struct archive *tar, struct archive_entry *entry,
	const char *path, bool *ret_exists, struct error *err)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	const char *hardlink = archive_entry_hardlink(entry);
	struct stat status;
	int result;

	*ret_exists = true;
	if (!*path)
		return fchmod(extractor->root, archive_entry_perm(entry))
			       ? error_errno(err, errno, "the root's mode")
			       : 0;
	if (enter_parent(extractor, path, err))
		return -1;
	if (!fstatat(extractor->directory, name, &status, AT_SYMLINK_NOFOLLOW))
		return 0;
	*ret_exists = false;
	if (hardlink)
		result = extract_hardlink(extractor, name, hardlink, err);
	else if (archive_entry_filetype(entry) == AE_IFREG)
		result = extract_regular(extractor->directory, name, tar, entry, err);
	else
		result = extract_special(extractor->directory, name, entry, err);
	return result ? error_wrap(err, "%s", path) : 0;
}
