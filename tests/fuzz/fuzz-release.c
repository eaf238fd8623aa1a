/* Release files: whatever they say, dates, names and hashes come out whole or not at all. */
#include <stdlib.h>

#include "archive/release.h"
#include "base/hash.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const paths[] = {"main/binary-amd64/Packages.xz", "a", ""};
	struct arena arena = {0};
	struct release release;
	struct release_file file;
	struct error err = {0};

	if (release_parse((struct span){(const char *)data, size}, &arena, &release, &err)) {
		if (!err.message)
			abort();
	} else {
		for (size_t i = 0; i < array_count(paths); i++)
			if (release_find(&release, paths[i], &file) && !hash_valid(file.sha256))
				abort();
		release_check(&release, "bookworm", release.date, &err);
	}
	error_release(&err);
	arena_release(&arena);
	return 0;
}
