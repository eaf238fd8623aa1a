#include "format.h"

#include <string.h>

#include "base/text.h"
#include "bundle.h"
#include "disk.h"
#include "filesystem.h"

/* The root filesystem of that index. */
static const struct filesystem *root_at(size_t index)
{
	for (const struct filesystem *const *at = filesystems; *at; at++)
		if ((*at)->root && !index--)
			return *at;
	return NULL;
}

bool format_at(size_t index, struct format *ret_format)
{
	size_t disks = 0, roots = 0;

	while (disk_drivers[disks])
		disks++;
	while (root_at(roots))
		roots++;
	const struct disk_driver *disk = index < disks ? disk_drivers[index] : NULL;
	const struct filesystem *root = index < disks ? NULL : root_at(index - disks);
	const struct bundle *bundle =
		index < disks + roots ? NULL : bundle_at(index - disks - roots);

	if (disk)
		*ret_format =
			(struct format){disk->name, disk->suffix, disk->summary, .disk = disk};
	else if (root)
		*ret_format = (struct format){root->name, root->name,
			"the root alone, without a partition table", .filesystem = root};
	else if (bundle)
		*ret_format = (struct format){
			bundle->name, bundle->suffix, bundle->summary, .bundle = bundle};
	return disk || root || bundle;
}

bool format_find(const char *name, struct format *ret_format)
{
	for (size_t i = 0; format_at(i, ret_format); i++)
		if (text_equal(ret_format->name, name))
			return true;
	return false;
}

bool format_of_file(const char *file, struct format *ret_format)
{
	struct format format;
	size_t longest = 0, length = strlen(file);

	for (size_t i = 0; format_at(i, &format); i++) {
		size_t suffix = strlen(format.suffix);
		if (suffix <= longest || suffix >= length || !text_ends(file, format.suffix) ||
			file[length - suffix - 1] != '.')
			continue;
		longest = suffix;
		*ret_format = format;
	}
	return longest;
}
