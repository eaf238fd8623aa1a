/* The formats that tests try in turn, with the options that matter. */
#pragma once

#include "image/disk.h"

struct form {
	const struct disk_driver *driver; /* NULL ends the list */
	uint32_t cluster_size;
	uint64_t size;
	enum compression compression;
};

extern const struct form forms[];
#define for_each_form(form) for (const struct form *form = forms; form->driver; form++)

/* Makes a new disk under a path where an old one may be. */
struct disk *form_create(const struct form *form, const char *path);
/* disk_finish(), which must not fail. */
void form_finish(struct disk *disk);
