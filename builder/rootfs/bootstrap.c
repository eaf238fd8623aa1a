#include <string.h>

#include "rootfs.h"

const struct bootstrap bootstraps[] = {
	{"fast", "jeos's own engine: unpack all at once, configure once", "5", true,
		bootstrap_fast},
	{"debootstrap", "debootstrap, both stages", "3", false, bootstrap_debootstrap},
	{0},
};

const struct bootstrap *bootstrap_find(const char *name)
{
	for (const struct bootstrap *row = bootstraps; row->name; row++)
		if (!strcmp(row->name, name))
			return row;
	return NULL;
}
