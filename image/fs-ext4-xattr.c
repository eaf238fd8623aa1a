#include "fs-ext4.h"

#include <errno.h>
#include <linux/limits.h>
#include <string.h>
#include <sys/xattr.h>

#include "base/cleanup.h"

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

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int copy_one(struct ext4_writer *writer, struct ext2_xattr_handle *attributes,
	const char *path, const char *name, struct error *err)
{
	char value[XATTR_SIZE_MAX];
	ssize_t length = lgetxattr(path, name, value, sizeof(value));

	if (length < 0)
		return error_errno(err, errno, "reading the extended attribute %s", name);
	errcode_t code = ext2fs_xattr_set(attributes, name, value, length);
	if (code == EXT2_ET_EA_NO_SPACE)
		return error_set(err, STATUS_FAILED,
			"extended attribute %s: ext4 keeps at most 4 KiB of them for a file", name);
	return code ? ext4_writer_fail(writer, code, "writing extended attributes", err) : 0;
}

static int copy_all(struct ext4_writer *writer, struct ext2_xattr_handle *attributes,
	const char *path, const struct words *names, struct error *err)
{
	for (size_t i = 0; i < names->count; i++)
		if (copy_one(writer, attributes, path, names->items[i], err))
			return -1;
	return 0;
}

int ext4_xattrs_copy(struct ext4_writer *writer, ext2_ino_t inode, const struct tree_entry *entry,
	struct error *err)
{
	struct ext2_xattr_handle *attributes;
	/* There is no llistxattrat(). */
	cleanup_free char *path = xasprintf("/proc/self/fd/%d/%s", entry->directory, entry->name);
	char text[XATTR_LIST_MAX];
	ssize_t length = llistxattr(path, text, sizeof(text));
	struct words names = {0};
	int result = 0;

	if (length < 0 && errno != ENOTSUP)
		return error_errno(err, errno, "listing extended attributes");
	for (const char *name = text; name < text + length; name += strlen(name) + 1)
		if (is_wanted(name))
			vector_push(&names, name);
	if (!names.count)
		return 0;
	vector_sort(&names, compare_names);
	errcode_t code = ext2fs_xattrs_open(writer->fs, inode, &attributes);
	if (code) {
		result = ext4_writer_fail(writer, code, "writing extended attributes", err);
	} else {
		result = copy_all(writer, attributes, path, &names, err);
		ext2fs_xattrs_close(&attributes);
	}
	vector_release(&names);
	return result;
}
