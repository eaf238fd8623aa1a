#include <string.h>

#include "base/cleanup.h"
#include "base/inside.h"
#include "rootfs.h"

enum { STATUS_LIMIT = 256 << 20 };

static const char status_path[] = "var/lib/dpkg/status";

/* Reads one stanza of dpkg's status file, ends its lines with NUL, and moves to the next. False at
 * the end. ret_name is NULL for a package that is not installed. */
static bool next_installed(char **rest, const char **ret_name)
{
	const char *name = NULL;
	bool installed = false;
	char *line;

	if (!*rest)
		return false;
	while ((line = strsep(rest, "\n")) && *line) {
		if (text_starts(line, "Package: "))
			name = line + strlen("Package: ");
		else if (text_starts(line, "Status: "))
			installed = text_ends(line, " installed");
	}
	*ret_name = installed ? name : NULL;
	return true;
}

int rootfs_check_without(const struct rootfs *rootfs, struct error *err)
{
	const struct word_list *without = &rootfs->recipe->without;
	cleanup_buffer struct buffer status = {0};
	cleanup_fd int root = -1;
	const char *name;

	if (inside_open_root(rootfs->root, &root, err) ||
		inside_read(root, status_path, STATUS_LIMIT, &status, err))
		return -1;
	for (char *rest = status.data; next_installed(&rest, &name);)
		for (size_t i = 0; name && i < without->count; i++)
			if (text_equal(name, without->items[i].text))
				return error_at(err, without->items[i].at,
					"package %s is installed although the recipe goes without "
					"it; a script or a hook has installed it",
					name);
	return 0;
}
