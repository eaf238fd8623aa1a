/* A disk copied into another format. */
#pragma once

#include "disk.h"

struct conversion {
	struct disk *from; /* borrowed */
	const struct disk_driver *driver;
	enum compression compression;
	uint32_t cluster_size; /* 0: the format's own */
	struct disk *base;     /* to record the differences to; borrowed; NULL: none */
	const char *path;      /* of the new file */
	bool replace;          /* the file, if it is there */
	/* Told now and then how far it is; may be NULL. */
	void (*progress)(uint64_t done, uint64_t total);
};

/* What reads as zeros takes no space, where the format can leave it out. The same disk gives the
 * same bytes. After a failure or an interrupt there is no new file. */
int image_convert(const struct conversion *conversion, struct error *err);
