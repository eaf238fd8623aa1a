/* Locks: whatever they say, what comes out can be fetched, and written as file names. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/hash.h"
#include "fuzz.h"
#include "lock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_lock struct lock *lock = NULL;
	struct error err = {0};

	if (lock_parse("x.lock", (struct span){(const char *)data, size}, &lock, &err)) {
		if (!err.message || err.status != STATUS_RECIPE)
			abort();
		error_release(&err);
		return 0;
	}
	struct package_list all = lock_packages(lock);
	vector_for_each (package, &all)
		if (!hash_valid(package->sha256) || !package->size || strchr(package->name, '/') ||
			strchr(package->version, '/') || *package->path == '/' ||
			strstr(package->path, ".."))
			abort();
	vector_release(&all);
	return 0;
}
