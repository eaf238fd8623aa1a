#include "hardlinks.h"

#include <search.h>
#include <stdlib.h>

#include "base/memory.h"

struct hardlink {
	dev_t device;
	ino_t inode;
	uint32_t number;
};

static int compare(const void *left, const void *right)
{
	const struct hardlink *a = left, *b = right;

	if (a->device != b->device)
		return a->device < b->device ? -1 : 1;
	return a->inode < b->inode ? -1 : a->inode > b->inode;
}

uint32_t *hardlinks_number(struct hardlinks *hardlinks, const struct stat *status)
{
	const struct hardlink key = {status->st_dev, status->st_ino, 0};
	struct hardlink *const *found = tfind(&key, &hardlinks->root, compare);

	if (found)
		return &(*found)->number;
	struct hardlink *link = xmalloc(sizeof(*link));
	*link = key;
	if (!tsearch(link, &hardlinks->root, compare))
		abort();
	return &link->number;
}

void hardlinks_release(struct hardlinks *hardlinks)
{
	tdestroy(hardlinks->root, free);
	hardlinks->root = NULL;
}
