#include "xattr.h"

#include <errno.h>
#include <linux/limits.h>
#include <string.h>
#include <sys/xattr.h>

#include "base/cleanup.h"
#include "base/text.h"

/* What belongs to the tree: not labels of the host's security modules, and not the marks that
 * overlay mounts leave. */
static bool is_wanted(const char *name)
{
	static const char *const wanted[] = {
		"security.capability", "system.posix_acl_", "trusted.", "user."};
	static const char *const unwanted[] = {"trusted.overlay.", "user.overlay."};

	for (size_t i = 0; i < array_count(unwanted); i++)
		if (text_starts(name, unwanted[i]))
			return false;
	for (size_t i = 0; i < array_count(wanted); i++)
		if (text_starts(name, wanted[i]))
			return true;
	return false;
}

int xattrs_each(const struct tree_entry *entry,
	int (*each)(void *context, const char *name, const void *value, size_t length,
		struct error *err),
	void *context, struct error *err)
{
	/* There is no llistxattrat(). */
	cleanup_free char *path = xasprintf("/proc/self/fd/%d/%s", entry->directory, entry->name);
	char text[XATTR_LIST_MAX], value[XATTR_SIZE_MAX];
	ssize_t length = llistxattr(path, text, sizeof(text));
	struct words names = {0};
	int result = 0;

	if (length < 0 && errno != ENOTSUP)
		return error_errno(err, errno, "listing extended attributes");
	for (const char *name = text; name < text + length; name += strlen(name) + 1)
		if (is_wanted(name))
			vector_push(&names, name);
	words_sort(&names);
	for (size_t i = 0; i < names.count && !result; i++) {
		const char *name = names.items[i];
		length = lgetxattr(path, name, value, sizeof(value));
		result = length < 0 ? error_errno(
					      err, errno, "reading the extended attribute %s", name)
				    : each(context, name, value, length, err);
	}
	vector_release(&names);
	return result;
}
