/* Packages: a .deb that is damaged, or wants to write elsewhere, is an error. */
#include <stdlib.h>
#include <string.h>

#include "archive/deb.h"
#include "base/size.h"
#include "fuzz.h"

static int visit(void *context, struct archive *tar, struct archive_entry *entry, const char *path,
	struct error *err)
{
	char block[512];

	(void)context;
	(void)entry;
	(void)err;
	if (path[0] == '/' || strstr(path, "../") || !strcmp(path, ".."))
		abort();
	while (archive_read_data(tar, block, sizeof(block)) > 0)
		;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct deb_reader reader = {.limit = MIB, .visit = visit};
	struct error err = {0};

	for (enum deb_part part = DEB_CONTROL; part <= DEB_DATA; part++) {
		if (!deb_read(input_file(data, size), part, &reader, &err))
			continue;
		if (!err.message)
			abort();
		error_release(&err);
	}
	return 0;
}
