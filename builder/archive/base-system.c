#include <string.h>

#include "archive/archive.h"

/* By the names that mmdebstrap(1) and debootstrap(8) have for them. */
const struct base_system base_systems[] = {
	{"essential", "essential packages, dpkg among them", PRIORITY_REQUIRED, false},
	{"apt", "essential packages and apt", PRIORITY_REQUIRED, true},
	{"minbase", "essential and required packages and apt", PRIORITY_IMPORTANT, true},
	{"important", "minbase and what people expect of a system", PRIORITY_STANDARD, true},
	{0},
};

const struct base_system *base_system_find(const char *name)
{
	for (const struct base_system *base = base_systems; base->name; base++)
		if (!strcmp(base->name, name))
			return base;
	return NULL;
}
