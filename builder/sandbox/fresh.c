#include "sandbox/fresh.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"

static const char *const names[FRESH_COUNT] = {"run", "tmp", "dev"};

/* Removes what the directory holds, or says whether there is anything. */
static bool sweep_directory(int fd, bool remove)
{
	cleanup(error_release) struct error ignored = {0};
	cleanup_directory DIR *entries = fdopendir(openat(fd, ".", O_RDONLY | O_CLOEXEC));
	const struct dirent *entry;
	bool empty = true;

	while (entries && (entry = readdir(entries))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		empty = false;
		if (remove && tree_remove(fd, entry->d_name, &ignored))
			error_release(&ignored);
	}
	return empty;
}

void fresh_note(int root, struct fresh *ret_fresh)
{
	struct stat status;

	for (size_t i = 0; i < FRESH_COUNT; i++) {
		int fd = openat(root, names[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		ret_fresh->directories[i].fd = fd;
		if (fd < 0 || fstat(fd, &status))
			continue;
		ret_fresh->directories[i].empty = sweep_directory(fd, false);
		ret_fresh->directories[i].times[0] = status.st_atim;
		ret_fresh->directories[i].times[1] = status.st_mtim;
	}
}

void fresh_restore(struct fresh *fresh)
{
	for (size_t i = 0; i < FRESH_COUNT; i++) {
		int fd = fresh->directories[i].fd;
		if (fd <= 0)
			continue;
		if (fresh->directories[i].empty)
			sweep_directory(fd, true);
		futimens(fd, fresh->directories[i].times);
		close(fd);
	}
}
