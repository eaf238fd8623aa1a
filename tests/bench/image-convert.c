/* One image read, another one written. Usage: image-convert INPUT FORMAT OUTPUT [COMPRESSION] */
#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/size.h"
#include "image/disk.h"

static int copy(struct disk *from, struct disk *to, struct error *err)
{
	cleanup_free uint8_t *data = xmalloc(MIB);

	for (uint64_t at = 0, run; at < from->size; at += run) {
		bool filled = disk_has_data(from, at, from->size - at, &run);
		if (filled && run > MIB)
			run = MIB;
		if (filled &&
			(disk_read(from, at, data, run, err) || disk_write(to, at, data, run, err)))
			return -1;
	}
	return disk_finish(to, err);
}

static int convert(char **argv, const char *compression, struct error *err)
{
	cleanup_disk struct disk *from = NULL, *to = NULL;
	const struct disk_driver *driver = disk_driver_find(argv[2]);

	if (!driver)
		return error_set(err, STATUS_USAGE, "%s: no such format", argv[2]);
	if (disk_open(argv[1], false, &from, err))
		return -1;
	const struct disk_options options = {
		.path = argv[3], .size = from->size, .compression = compression_find(compression)};
	return disk_create(driver, &options, &to, err) ? -1 : copy(from, to, err);
}

int main(int argc, char **argv)
{
	struct error err = {0};

	if (argc != 4 && argc != 5) {
		fprintf(stderr, "usage: image-convert INPUT FORMAT OUTPUT [COMPRESSION]\n");
		return 2;
	}
	unlink(argv[3]);
	if (!convert(argv, argc == 5 ? argv[4] : "none", &err))
		return 0;
	fprintf(stderr, "image-convert: %s\n", err.message);
	error_release(&err);
	return 1;
}
