#include "space.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "cleanup.h"
#include "memory.h"
#include "size.h"

/* The topmost directory above it on the same file system; owned by the caller. */
static char *mount_point(const char *directory)
{
	char *path = xstrdup(directory);
	struct stat here, above;

	while (strchr(path, '/') && strcmp(path, "/")) {
		cleanup_free char *parent = xstrndup(path, strrchr(path, '/') - path);
		if (!*parent) {
			free(parent);
			parent = xstrdup("/");
		}
		if (stat(path, &here) || stat(parent, &above) || here.st_dev != above.st_dev)
			break;
		free(path);
		path = steal_pointer(&parent);
	}
	return path;
}

int space_check(const char *directory, uint64_t bytes, struct error *err)
{
	struct statvfs status;
	char needed[32], left[32];

	if (statvfs(directory, &status))
		return error_errno(err, errno, "%s", directory);
	uint64_t available = (uint64_t)status.f_bavail * status.f_frsize;
	if (available >= bytes)
		return 0;
	cleanup_free char *where = mount_point(directory);
	return error_set(err, STATUS_FAILED,
		"it takes about %s, but the file system at %s has %s left",
		size_format(bytes, needed, sizeof(needed)), where,
		size_format(available, left, sizeof(left)));
}
