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

/* Whether a file lies where a directory above `path` belongs. */
static bool lies_below_file(int root, const char *path)
{
	for (const char *slash = path; (slash = strchr(slash, '/')); slash++) {
		cleanup_free char *above = xstrndup(path, slash - path);
		cleanup_free char *inside = xasprintf("%s/.", above);
		if (inside_exists(root, above) && !inside_exists(root, inside))
			return true;
	}
	return false;
}

/* Opens the directory that holds `path`; most entries lie beside the one before. */
int extractor_enter(
	struct extractor *extractor, const char *path, const char **ret_name, struct error *err)
{
	const char *slash = strrchr(path, '/');
	size_t length = slash ? (size_t)(slash - path) : 0;
	int fd;

	*ret_name = slash ? slash + 1 : path;
	if (extractor->directory >= 0 && !strncmp(extractor->path, path, length) &&
		!extractor->path[length])
		return 0;
	cleanup_free char *parent = xstrndup(path, length);
	if (inside_directory(extractor->root, parent, &fd, err)) {
		if (lies_below_file(extractor->root, path))
			err->status = STATUS_ARCHIVE;
		return -1;
	}
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

/* Makes it, still empty and private; the descriptor of a file, else 0; -1 with errno. */
static int make_empty(int directory, const char *name, mode_t type)
{
	if (type == AE_IFDIR)
		return mkdirat(directory, name, 0700);
	if (type == AE_IFIFO)
		return mkfifoat(directory, name, 0600);
	return openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

static int finish_file(int fd, struct archive *tar, struct archive_entry *entry, struct error *err)
{
	uid_t uid = archive_entry_uid(entry);
	gid_t gid = archive_entry_gid(entry);
	const struct timespec time = {.tv_sec = archive_entry_mtime(entry)};

	if (write_content(tar, fd, err))
		return -1;
	if (((uid || gid) && fchown(fd, uid, gid)) || fchmod(fd, archive_entry_perm(entry)) ||
		futimens(fd, (const struct timespec[]){time, time}))
		return error_errno(err, errno, "setting its owner and mode");
	return 0;
}

static int finish_special(
	int directory, const char *name, struct archive_entry *entry, struct error *err)
{
	uid_t uid = archive_entry_uid(entry);
	gid_t gid = archive_entry_gid(entry);

	if (((uid || gid) && fchownat(directory, name, uid, gid, AT_SYMLINK_NOFOLLOW)) ||
		fchmodat(directory, name, archive_entry_perm(entry), 0))
		return error_errno(err, errno, "setting its owner and mode");
	return 0;
}

int extract_entry(struct extractor *extractor, struct archive *tar, struct archive_entry *entry,
	const char *path, bool *ret_exists, struct error *err)
{
	mode_t type = archive_entry_filetype(entry);
	const char *name;

	if (type != AE_IFREG && type != AE_IFDIR && type != AE_IFIFO)
		return error_set(err, STATUS_ARCHIVE,
			"%s: a package may not hold a device node or socket", path);
	if (extractor_enter(extractor, path, &name, err))
		return error_wrap(err, "%s", path);
	int made = make_empty(extractor->directory, name, type);
	*ret_exists = made < 0 && errno == EEXIST;
	if (*ret_exists)
		return 0;
	if (made < 0)
		return error_errno(err, errno, "%s: creating", path);
	cleanup_fd int fd = type == AE_IFREG ? made : -1;
	int result = type == AE_IFREG ? finish_file(fd, tar, entry, err)
				      : finish_special(extractor->directory, name, entry, err);
	return result ? error_wrap(err, "%s", path) : 0;
}
