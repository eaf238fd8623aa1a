#include "sizes.h"

uint64_t sizes_count(struct sizes *sizes, const struct image_file *file)
{
	const struct stat key = {.st_ino = file->inode};

	if (!S_ISDIR(file->mode) && file->links > 1 && (*hardlinks_number(&sizes->seen, &key))++)
		return 0;
	return file->stored;
}

void sizes_release(struct sizes *sizes)
{
	hardlinks_release(&sizes->seen);
}
