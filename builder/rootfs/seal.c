#include "seal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/inside.h"
#include "base/size.h"
#include "image/tree.h"
#include "shadow.h"

/* A .deb begins with ar's "!<arch>\n" and the header of its first member, whose name takes 16 bytes
 * and its time, decimal seconds, the next 12. */
enum { DATE_OFFSET = 8 + 16, DATE_LENGTH = 12 };

static int package_date(const struct package *package, const struct store *store,
	uint64_t *ret_date, struct error *err)
{
	cleanup_free char *path = store_package_path(store, package->sha256);
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[DATE_LENGTH + 1] = "";

	if (fd < 0)
		return error_errno(err, errno, "%s", path);
	if (file_read_at(fd, DATE_OFFSET, text, DATE_LENGTH, err))
		return error_wrap(err, "%s", path);
	*ret_date = strtoull(text, NULL, 10);
	return 0;
}

int packages_date(const struct package_list *packages, const struct store *store,
	uint64_t *ret_date, struct error *err)
{
	uint64_t newest = 0;

	vector_for_each (package, packages) {
		uint64_t date = 0;
		if (package_date(package, store, &date, err))
			return -1;
		if (date > newest)
			newest = date;
	}
	*ret_date = newest;
	return 0;
}

static int seal_entry(void *context, const struct tree_entry *entry, struct error *err)
{
	const uint64_t *date = context;
	const struct timespec times[] = {{.tv_sec = *date}, {.tv_sec = *date}};

	if (entry->status.st_mtim.tv_sec < (int64_t)*date)
		return 0;
	if (utimensat(entry->directory, entry->name, times, AT_SYMLINK_NOFOLLOW))
		return error_errno(err, errno, "/%s: setting its time", entry->path);
	return 0;
}

/* Those set by the build were set on a day that is none of the image's. */
int rootfs_seal_passwords(int root, uint64_t date, struct error *err)
{
	enum { DAY = 24 * 60 * 60 };
	cleanup_buffer struct buffer shadow = {0};

	if (!inside_exists(root, "etc/shadow"))
		return 0;
	if (inside_read(root, "etc/shadow", MIB, &shadow, err))
		return -1;
	cleanup_free char *clamped = shadow_clamp_days(shadow.data, date / DAY);
	return inside_rewrite(root, "etc/shadow", clamped, err);
}

int rootfs_seal(const char *tree, uint64_t date, struct error *err)
{
	const struct tree_visitor seal = {.enter = seal_entry, .context = &date};
	cleanup_fd int root = -1;

	if (inside_open_root(tree, &root, err) || rootfs_seal_passwords(root, date, err))
		return -1;
	return tree_walk(root, &seal, err);
}
