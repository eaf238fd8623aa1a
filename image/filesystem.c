#include "filesystem.h"

#include "base/text.h"

const struct filesystem *const filesystems[] = {
	&filesystem_ext4, &filesystem_squashfs, &filesystem_vfat, &filesystem_swap, NULL};

const struct filesystem *filesystem_find(const char *name)
{
	for (const struct filesystem *const *filesystem = filesystems; *filesystem; filesystem++)
		if (text_equal((*filesystem)->name, name))
			return *filesystem;
	return NULL;
}
